// One item: its parts jump in the player, a region lights up in the picture.

import { enliven } from "./media.js";

enliven(document);
const player = document.getElementById("player");

function jump(seconds) {
  player.currentTime = Number(seconds);
  player.play().catch(() => {});
}

document.addEventListener("click", (event) => {
  const at = event.target.closest("[data-start]");
  if (at && player) jump(at.dataset.start);
});

for (const line of document.querySelectorAll(".times, #original > .wave")) {
  line.addEventListener("click", (event) => {
    if (!player?.duration || event.target.dataset.start) return;
    const place = line.getBoundingClientRect();
    jump(((event.clientX - place.left) / place.width) * player.duration);
  });
}

for (const way of ["pointerover", "focusin"]) {
  document.querySelector(".pick")?.addEventListener(way, (event) => light(event.target.closest("a")?.dataset.no));
}
for (const way of ["pointerleave", "focusout"]) {
  document.querySelector(".pick")?.addEventListener(way, () => light());
}

function light(no) {
  for (const rect of document.querySelectorAll(".regions rect")) rect.classList.toggle("on", rect.dataset.no === no);
}
