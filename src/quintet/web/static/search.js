// The search page: results change in place, files are dropped or pasted, everything works by keys.

import { upload } from "./http.js";
import { say, typing } from "./main.js";
import { enliven } from "./media.js";
import { t } from "./words.js";

const form = document.getElementById("ask");
const box = document.getElementById("q");
const results = document.getElementById("results");
const chips = document.getElementById("chips");
const drop = document.getElementById("drop");
const sending = document.getElementById("sending");
const PLAIN = { conf: "0", sort: "confidence" };
let latest = 0;

async function show(url, { push = true, focus = () => null } = {}) {
  const address = new URL(url, location.href);
  const number = ++latest;
  results.classList.add("busy");
  results.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch("/results" + address.search, { headers: { accept: "text/html" } });
    const html = await answer.text();
    if (number !== latest) return;
    if (answer.status === 401) return location.assign(address);
    if (push) history.pushState(null, "", address);
    const held = [results, chips].some((part) => part.contains(document.activeElement));
    results.innerHTML = html;
    chips.innerHTML = document.getElementById("new-chips").innerHTML;
    const q = address.searchParams.get("q") ?? "";
    if (document.activeElement !== box || push) box.value = q;
    const blank = !address.search;
    document.body.classList.toggle("home", blank);
    document.querySelector(".hero")?.toggleAttribute("hidden", !blank);
    document.title = q ? `${q} – Quintet` : "Quintet";
    enliven(results);
    say(document.getElementById("sum")?.textContent.replace(/\s+/g, " ").trim() ?? "");
    if (held) (focus() ?? grid()[0] ?? box).focus({ preventScroll: true });
  } catch {
    location.assign(address);
  } finally {
    if (number === latest) {
      results.classList.remove("busy");
      results.removeAttribute("aria-busy");
    }
  }
}

function address() {
  const told = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value && value !== PLAIN[name]) told.append(name, value);
  }
  return told.size ? `/?${told}` : "/";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  show(address());
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-go]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const shown = grid().length;
  const more = link.dataset.go === "keep";
  show(link.href, { focus: more ? () => grid()[shown] : again(link) });
  if (!more && !link.closest(".side")) scrollTo({ top: 0 });
});

// Finds what has the focus again when it is drawn anew.
function again(link) {
  const card = link.closest(".card")?.dataset.id;
  if (card) return () => document.querySelector(`.card[data-id="${card}"] .open`);
  if (chips.contains(link)) return () => box;
  if (link.closest(".switch")) return () => document.querySelector(".switch [aria-current]");
  const where = link.dataset.where;
  return () => [...document.querySelectorAll("a[data-where]")].find((other) => other.dataset.where === where);
}

addEventListener("popstate", () => show(location.href, { push: false }));

// the slider
let waiting;
results.addEventListener("input", (event) => {
  if (event.target.id !== "conf") return;
  document.getElementById("conf-told").textContent = `${event.target.value} %`;
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    history.replaceState(null, "", address());
    show(address(), { push: false, focus: () => document.getElementById("conf") });
  }, 180);
});

// the order
results.addEventListener("change", (event) => {
  const { id } = event.target;
  if (id === "sort" || id === "reverse") show(address(), { focus: () => document.getElementById(id) });
});

// files
async function withFiles(files) {
  const wanted = [...files].slice(0, 8);
  if (!wanted.length) return;
  const told = new URLSearchParams(address().slice(2));
  sending.hidden = false;
  try {
    for (const file of wanted) {
      say(t("sending {name}", { name: file.name }));
      const kept = await upload(file, (share) => (sending.value = share));
      told.append("plus", `upload:${kept.id}`);
    }
    await show(`/?${told}`);
  } catch (error) {
    note(error.message);
  } finally {
    sending.hidden = true;
  }
}

function note(text) {
  document.getElementById("trouble")?.remove();
  const place = document.createElement("p");
  place.id = "trouble";
  place.className = "note bad";
  place.setAttribute("role", "alert");
  place.textContent = text;
  results.prepend(place);
}

const chooser = document.getElementById("file");
document.getElementById("choose").addEventListener("click", () => chooser.click());
chooser.addEventListener("change", () => withFiles(chooser.files).then(() => (chooser.value = "")));
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) {
    event.preventDefault();
    withFiles(event.clipboardData.files);
  }
});
let inside = 0;
addEventListener("dragenter", (event) => {
  if (![...event.dataTransfer.types].includes("Files")) return;
  inside += 1;
  drop.hidden = false;
});
addEventListener("dragleave", () => {
  inside = Math.max(0, inside - 1);
  drop.hidden = inside === 0;
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  inside = 0;
  drop.hidden = true;
  withFiles(event.dataTransfer.files);
});

// keys
function grid() {
  return [...document.querySelectorAll("#grid .card .open")];
}

function beside(links, at, key) {
  if (key === "ArrowRight") return at + 1;
  if (key === "ArrowLeft") return at - 1;
  const top = (link) => Math.round(link.closest(".card").getBoundingClientRect().top);
  const left = (link) => link.closest(".card").getBoundingClientRect().left;
  const rows = [...new Set(links.map(top))].sort((a, b) => a - b);
  const row = rows[rows.indexOf(top(links[at])) + (key === "ArrowDown" ? 1 : -1)];
  if (row === undefined) return key === "ArrowUp" ? -1 : at;
  const near = links.filter((link) => top(link) === row);
  const x = left(links[at]);
  return links.indexOf(near.reduce((a, b) => (Math.abs(left(b) - x) < Math.abs(left(a) - x) ? b : a)));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const links = grid();
  if (event.target === box) {
    if (event.key === "ArrowDown" && links.length) {
      event.preventDefault();
      links[0].focus();
    } else if (event.key === "Escape") box.blur();
    return;
  }
  if (typing(event) || event.target.closest(".turn")) return;
  const card = document.activeElement.closest?.(".card");
  if (event.key.startsWith("Arrow") && links.length) {
    const at = card ? links.indexOf(card.querySelector(".open")) : -1;
    const next = at < 0 ? 0 : beside(links, at, event.key);
    event.preventDefault();
    if (next < 0) box.focus();
    else links[Math.min(next, links.length - 1)].focus();
  } else if (card && (event.key === "+" || event.key === "=")) {
    card.querySelector(".add.plus")?.click();
  } else if (card && (event.key === "-" || event.key === "−")) {
    card.querySelector(".add.minus")?.click();
  }
});

// why
results.addEventListener("toggle", async (event) => {
  const details = event.target;
  if (!details.open || !details.dataset.why) return;
  const url = details.dataset.why;
  delete details.dataset.why;
  const answer = await fetch(url + (url.includes("?") ? "&" : "?") + "bare=1");
  if (answer.ok) details.querySelector(".full").innerHTML = await answer.text();
}, true);

enliven(results);
if (!matchMedia("(pointer: coarse)").matches && document.body.classList.contains("home")) box.focus();
