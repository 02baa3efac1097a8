// What every page does: keys that work everywhere, and pictures that did not come.

const help = document.getElementById("help");

export function say(text) {
  document.getElementById("say").textContent = text;
}

export function typing(event) {
  return event.target.closest?.("input, textarea, select, [contenteditable]");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
  if (event.key === "/") {
    event.preventDefault();
    const box = document.getElementById("q");
    if (box) box.select();
    else location.assign("/?");
  } else if (event.key === "?" && !help.open) {
    event.preventDefault();
    help.showModal();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-help]")) help.showModal();
  if (event.target === help) help.close();
});

const tab = document.querySelector(".top nav [aria-current]"); // on a phone the tabs are wider than it
if (tab) {
  const bar = tab.closest("nav");
  bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
}

document.addEventListener("error", (event) => event.target.classList?.add("gone"), true);
for (const picture of document.images) {
  if (picture.complete && !picture.naturalWidth) picture.classList.add("gone");
}

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.sure;
  if (question && !confirm(question)) event.preventDefault();
});
