// Each medium as itself: wave forms drawn, clips played on hover, models turned.

import { t } from "./words.js";

const still = matchMedia("(prefers-reduced-motion: reduce)");
const SVG = "http://www.w3.org/2000/svg";

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    seen.unobserve(entry.target);
    begin(entry.target);
  }
}, { rootMargin: "300px" });

export function enliven(root) {
  for (const place of root.querySelectorAll("[data-wave], [data-film], [data-views], [data-sound]")) seen.observe(place);
}

function begin(place) {
  if (place.dataset.wave) wave(place);
  if (place.dataset.film) film(place);
  if (place.dataset.views) turntable(place);
  if (place.dataset.sound) sound(place);
}

async function told(url) {
  const answer = await fetch(url);
  return answer.ok ? answer.json() : null;
}

async function wave(svg) {
  const found = await told(svg.dataset.wave);
  if (!found) return;
  const bars = 110;
  const step = found.peaks.length / bars;
  let d = "";
  for (let n = 0; n < bars; n++) {
    const part = found.peaks.slice(Math.floor(n * step), Math.max(Math.floor((n + 1) * step), Math.floor(n * step) + 1));
    const high = Math.max(2, 98 * Math.max(...part));
    const x = ((n + 0.5) * 1000) / bars;
    d += `M${x.toFixed(1)} ${(100 - high).toFixed(1)}V${(100 + high).toFixed(1)}`;
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", d);
  svg.append(path);
}

// A time line's hand.
function hand(svg, height) {
  const rect = document.createElementNS(SVG, "rect");
  rect.setAttribute("class", "now");
  rect.setAttribute("width", 4);
  rect.setAttribute("height", height);
  svg.append(rect);
  return (share) => rect.setAttribute("x", Math.min(996, 1000 * share));
}

// Clips: a strip of shots, and the clip itself while the pointer rests on it.
async function film(place) {
  const id = place.dataset.film;
  const card = place.closest(".card") ?? place;
  let video;
  let timer;
  card.addEventListener("pointerenter", () => {
    if (still.matches) return;
    timer = setTimeout(() => (video = play(place, id)), 250);
  });
  card.addEventListener("pointerleave", () => {
    clearTimeout(timer);
    video?.remove();
    place.querySelector(".now")?.remove();
    video = undefined;
  });
  const found = await told(`/v1/items/${id}/previews/strip.json`);
  if (found && found.tiles.length > 1) strip(place, id, found);
}

function play(place, id) {
  const video = document.createElement("video");
  video.muted = true;
  video.loop = true;
  video.playsInline = true;
  video.tabIndex = -1;
  video.setAttribute("aria-hidden", "true");
  video.src = `/v1/media/${id}`;
  const start = Number(place.dataset.start ?? 0);
  let move;
  video.addEventListener("loadedmetadata", () => {
    video.currentTime = Math.min(start, video.duration || 0);
    move = hand(place.querySelector(".line"), 10);
  });
  video.addEventListener("timeupdate", () => move?.(video.currentTime / video.duration));
  video.addEventListener("error", () => video.remove());
  place.querySelector("img").after(video);
  video.play().catch(() => {});
  return video;
}

function strip(place, id, found) {
  const most = 6;
  const step = Math.max(1, found.tiles.length / most);
  const marks = [...place.querySelectorAll(".line .match")].map((m) => [Number(m.getAttribute("x")), Number(m.getAttribute("x")) + Number(m.getAttribute("width"))]);
  const end = found.tiles.at(-1).end_s || 1;
  const rows = Math.ceil(found.tiles.length / found.columns);
  const row = place.querySelector(".strip");
  for (let n = 0; n < Math.min(most, found.tiles.length); n++) {
    const at = Math.floor(n * step);
    const tile = document.createElement("i");
    tile.style.backgroundImage = `url(/v1/items/${id}/previews/strip)`;
    tile.style.backgroundSize = `${100 * found.columns}% ${100 * rows}%`;
    tile.style.backgroundPosition = `${share(at % found.columns, found.columns)}% ${share(Math.floor(at / found.columns), rows)}%`;
    const [from, to] = [found.tiles[at].start_s, found.tiles[at].end_s].map((s) => (1000 * s) / end);
    tile.classList.toggle("match", marks.some(([a, b]) => a < to && b > from));
    row.append(tile);
  }
}

function share(n, of) {
  return of > 1 ? (100 * n) / (of - 1) : 0;
}

// Sounds: a button that plays the matching part.
function sound(place) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "listen";
  const name = place.closest(".card")?.querySelector(".name")?.textContent ?? "";
  button.setAttribute("aria-label", t("Play {name}", { name }));
  button.setAttribute("aria-pressed", "false");
  button.textContent = "▶";
  place.append(button);
  let audio;
  button.addEventListener("click", () => {
    if (!audio) {
      audio = new Audio(`/v1/media/${place.dataset.sound}`);
      const move = hand(place.querySelector(".wave"), 200);
      audio.currentTime = Number(place.dataset.start ?? 0);
      audio.addEventListener("timeupdate", () => move(audio.currentTime / audio.duration));
      for (const name of ["play", "pause", "ended", "error"]) {
        audio.addEventListener(name, () => {
          const on = !audio.paused && !audio.ended;
          button.textContent = on ? "❚❚" : "▶";
          button.setAttribute("aria-pressed", String(on));
        });
      }
    }
    if (audio.paused) audio.play().catch(() => {});
    else audio.pause();
  });
}

// Models: the rendered views, turned by dragging or with the arrow keys.
async function turntable(place) {
  const id = place.dataset.views;
  const found = await told(`/v1/items/${id}/previews/views.json`);
  if (!found) return;
  const sheet = new Image();
  sheet.src = `/v1/items/${id}/previews/views`;
  await sheet.decode().catch(() => {});
  if (!sheet.naturalWidth) return;
  const turn = document.createElement("div");
  turn.className = "turn";
  turn.tabIndex = 0;
  turn.setAttribute("role", "application");
  turn.setAttribute("aria-label", t("3D model; the arrow keys turn it"));
  const canvas = document.createElement("canvas");
  canvas.width = found.tile_w;
  canvas.height = found.tile_h;
  turn.append(canvas);
  const pen = canvas.getContext("2d");
  const first = found.tiles.find((tile) => tile.no === Number(place.dataset.view)) ?? nearest(found.tiles, 30, 30);
  let [azimuth, elevation] = [first.azimuth_deg, first.elevation_deg];
  const draw = () => {
    const tile = nearest(found.tiles, azimuth, elevation);
    const at = found.tiles.indexOf(tile);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(sheet, (at % found.columns) * found.tile_w, Math.floor(at / found.columns) * found.tile_h, found.tile_w, found.tile_h, 0, 0, canvas.width, canvas.height);
  };
  const by = (right, up) => {
    azimuth = (azimuth + right + 360) % 360;
    elevation = Math.max(-90, Math.min(90, elevation + up));
    draw();
  };
  turn.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-30, 0], ArrowRight: [30, 0], ArrowUp: [0, 30], ArrowDown: [0, -30] }[event.key];
    if (event.key === "Enter") place.closest(".card")?.querySelector(".open")?.click();
    if (!step) return;
    event.preventDefault();
    by(...step);
  });
  let held;
  let moved = 0;
  turn.addEventListener("pointerdown", (event) => {
    held = [event.clientX, event.clientY];
    moved = 0;
    turn.setPointerCapture(event.pointerId);
  });
  turn.addEventListener("pointermove", (event) => {
    if (!held) return;
    const [x, y] = [event.clientX - held[0], event.clientY - held[1]];
    held = [event.clientX, event.clientY];
    moved += Math.abs(x) + Math.abs(y);
    by(-x * 1.2, y * 1.2);
  });
  turn.addEventListener("pointerup", () => {
    if (held && moved < 5) place.closest(".card")?.querySelector(".open")?.click();
    held = undefined;
  });
  turn.addEventListener("pointercancel", () => (held = undefined));
  draw();
  place.append(turn);
}

function nearest(tiles, azimuth, elevation) {
  const rad = Math.PI / 180;
  const vector = (a, e) => [Math.cos(e * rad) * Math.cos(a * rad), Math.cos(e * rad) * Math.sin(a * rad), Math.sin(e * rad)];
  const to = vector(azimuth, elevation);
  const dot = (tile) => vector(tile.azimuth_deg, tile.elevation_deg).reduce((sum, v, n) => sum + v * to[n], 0);
  return tiles.reduce((best, tile) => (dot(tile) > dot(best) + 1e-9 ? tile : best));
}
