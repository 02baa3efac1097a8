// The map: points on a canvas, five marks, a colour a label; click, lasso or arrow keys.

import { say } from "./main.js";
import { t } from "./words.js";

const canvas = document.getElementById("map");
const pen = canvas.getContext("2d");
const tip = document.getElementById("tip");
const off = new Set();
const colours = new Map();
let points = [];
let spots = [];
let at = -1;
let path = [];
let chosen = new Set();

const MEDIA = { image: t("Picture"), video: t("Video"), text: t("Text"), audio: t("Sound"), mesh: t("3D model") };

const LISTED = 60;

const SHAPES = {
  image: new Path2D("M5.5 0A5.5 5.5 0 1 1-5.5 0 5.5 5.5 0 1 1 5.5 0"),
  video: new Path2D("M-4.5-6 6.5 0-4.5 6z"),
  text: new Path2D("M-5-5h10v10h-10z"),
  audio: new Path2D("m0-7 7 7-7 7-7-7z"),
  mesh: new Path2D("M0-7 2-2 7-2 3 1.5 4.5 7 0 3.5-4.5 7-3 1.5-7-2-2-2z"),
};

const answer = await fetch("/v1/map?limit=1500");
document.getElementById("loading").hidden = true;
if (answer.ok) {
  points = (await answer.json()).points;
  place();
} else document.getElementById("about").textContent = (await answer.json().catch(() => ({}))).detail ?? answer.statusText;

function place() {
  const width = canvas.clientWidth || 800;
  const height = canvas.clientHeight || 600;
  const sharp = devicePixelRatio || 1;
  canvas.width = width * sharp;
  canvas.height = height * sharp;
  pen.setTransform(sharp, 0, 0, sharp, 0, 0);
  for (const dot of document.querySelectorAll(".dot")) colours.set(dot.dataset.label, getComputedStyle(dot).backgroundColor);
  const margin = 18;
  const xs = points.map((p) => p.x);
  const ys = points.map((p) => p.y);
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  spots = points.map((p) => ({
    ...p,
    px: margin + ((p.x - left) / (right - left || 1)) * (width - 2 * margin),
    py: margin + ((p.y - low) / (high - low || 1)) * (height - 2 * margin),
  }));
  draw();
}

function shown() {
  return spots.filter((spot) => !off.has(spot.modality));
}

function draw() {
  const style = getComputedStyle(canvas);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  for (const spot of shown()) mark(spot, colours.get(spot.label) ?? style.getPropertyValue("--none") ?? style.color, chosen.size && !chosen.has(spot) ? 0.2 : 0.85, 0.72);
  if (at >= 0 && shown()[at]) {
    const spot = shown()[at];
    mark(spot, style.color, 1, 1.4);
  }
  if (path.length > 1) {
    pen.beginPath();
    path.forEach(([x, y], n) => (n ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
    pen.strokeStyle = style.color;
    pen.setLineDash([5, 4]);
    pen.stroke();
    pen.setLineDash([]);
  }
}

function mark(spot, colour, alpha, scale) {
  pen.save();
  pen.translate(spot.px, spot.py);
  pen.scale(scale, scale);
  pen.globalAlpha = alpha;
  pen.fillStyle = colour;
  pen.fill(SHAPES[spot.modality]);
  pen.restore();
}

function where(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function near([x, y]) {
  const all = shown();
  const best = all.reduce((a, b, n) => {
    const d = (b.px - x) ** 2 + (b.py - y) ** 2;
    return d < a[0] ? [d, n] : a;
  }, [196, -1]);
  return best[1];
}

function choose(n, announce = false) {
  at = n;
  const spot = shown()[n];
  tip.hidden = !spot;
  if (spot) {
    const image = spot.modality === "text" ? "" : `/v1/items/${spot.id}/previews/thumb`;
    tip.replaceChildren();
    if (image) {
      const picture = new Image(96, 72);
      picture.src = image;
      picture.alt = "";
      tip.append(picture);
    }
    const told = document.createElement("b");
    told.textContent = `${spot.name} · ${spot.label ?? t("no label")} · ${MEDIA[spot.modality]}`;
    tip.append(told);
    tip.style.left = `${Math.min(spot.px + 12, canvas.clientWidth - 130)}px`;
    tip.style.top = `${Math.min(spot.py + 12, canvas.clientHeight - 110)}px`;
    if (announce) say(told.textContent);
  }
  draw();
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  path = [where(event)];
});
canvas.addEventListener("pointermove", (event) => {
  if (path.length) {
    path.push(where(event));
    draw();
  } else choose(near(where(event)));
});
canvas.addEventListener("pointerup", (event) => {
  const drawn = path;
  path = [];
  const [xs, ys] = [drawn.map((p) => p[0]), drawn.map((p) => p[1])];
  const small = Math.max(...xs) - Math.min(...xs) < 8 && Math.max(...ys) - Math.min(...ys) < 8;
  if (small) {
    const n = near(where(event));
    if (n >= 0) open(shown()[n]);
    else list([]);
  } else list(shown().filter((spot) => within(drawn, spot.px, spot.py)));
});
canvas.addEventListener("pointercancel", () => {
  path = [];
  draw();
});
canvas.addEventListener("pointerleave", () => choose(-1));
canvas.addEventListener("keydown", (event) => {
  const all = shown();
  if (event.key === "Enter" && all[at]) return open(all[at]);
  const turn = { ArrowRight: 0, ArrowDown: 90, ArrowLeft: 180, ArrowUp: 270 }[event.key];
  if (turn === undefined) return;
  event.preventDefault();
  if (at < 0) return choose(0, true);
  const from = all[at];
  let best = [Infinity, at];
  all.forEach((spot, n) => {
    const [dx, dy] = [spot.px - from.px, spot.py - from.py];
    const angle = Math.abs(((Math.atan2(dy, dx) * 180) / Math.PI - turn + 540) % 360 - 180);
    const far = Math.hypot(dx, dy) * (1 + angle / 45);
    if (n !== at && angle < 60 && far < best[0]) best = [far, n];
  });
  choose(best[1], true);
});

function open(spot) {
  location.assign(`/items/${spot.id}`);
}

function within(line, x, y) {
  let inside = false;
  for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [line[i], line[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

function list(found) {
  chosen = new Set(found);
  const panel = document.getElementById("chosen");
  panel.hidden = !found.length;
  document.getElementById("chosen-count").textContent = found.length;
  const rows = found.slice(0, LISTED).map((spot) => {
    const row = document.createElement("li");
    const link = document.createElement("a");
    link.href = `/items/${spot.id}`;
    link.textContent = `${spot.name} · ${spot.label ?? t("no label")}`;
    row.append(link);
    return row;
  });
  document.getElementById("chosen-list").replaceChildren(...rows);
  const more = found.length - rows.length;
  document.getElementById("chosen-more").textContent = more > 0 ? t("and {count} more", { count: more }) : "";
  draw();
}

document.querySelector(".marks").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const on = off.has(button.dataset.medium);
  if (on) off.delete(button.dataset.medium);
  else off.add(button.dataset.medium);
  button.setAttribute("aria-pressed", String(on));
  choose(-1);
});

addEventListener("resize", place);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", place);
