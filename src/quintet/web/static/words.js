// Texts that modules show, in the reader's language.

const known = document.documentElement.lang.startsWith("zh")
  ? await fetch("/words/zh.json").then((answer) => answer.json(), () => ({}))
  : {};

export function t(text, values = {}) {
  return (known[text] ?? text).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}
