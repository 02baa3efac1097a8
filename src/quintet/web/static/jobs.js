// Jobs as they go, with the curve of a training. All are asked for in one request at a time: a
// browser opens six connections to a host, and streams would take one each.

import { ask } from "./http.js";
import { say } from "./main.js";
import { t } from "./words.js";

const EVERY_MS = 1000;
const MOST = 200;
const STATES = { queued: t("waiting"), running: t("running"), done: t("done"), failed: t("failed"), cancelled: t("cancelled") };
const STAGES = {
  scan: t("looking for files"), add: t("reading files"), read: t("reading features"), fit: t("learning"),
  "fit on all": t("learning from all"), embed: t("placing items"), index: t("building indexes"),
  "wait for another writer": t("waiting for another writer"),
};

const places = [...document.querySelectorAll(".job[data-job]")];
for (const place of places) draw(JSON.parse(place.dataset.curve || "[]"));
follow(places.filter((place) => goes(place.dataset)));

function goes(job) {
  return job.state === "queued" || job.state === "running";
}

async function follow(going) {
  while (going.length) {
    await new Promise((next) => setTimeout(next, EVERY_MS));
    const known = new Map((await jobs(going)).map((job) => [job.id, job]));
    for (const place of going) if (known.has(place.dataset.job)) show(place, known.get(place.dataset.job));
    going = going.filter((place) => goes(place.dataset));
  }
}

// Nothing while the service is away: it is asked again.
async function jobs(going) {
  try {
    if (going.length === 1) return [await (await ask(`/v1/jobs/${going[0].dataset.job}`)).json()];
    return (await (await ask(`/v1/jobs?limit=${MOST}`)).json()).jobs;
  } catch {
    return [];
  }
}

function show(place, job) {
  place.dataset.state = job.state;
  update(place, job);
  if (goes(job)) return;
  say(STATES[job.state]);
  if (document.getElementById("run")) setTimeout(() => location.reload(), 600);
}

function update(place, job) {
  const slot = (name) => place.querySelector(`[data-slot=${name}]`);
  slot("state").textContent = STATES[job.state];
  slot("state").className = `state ${job.state}`;
  slot("stage").textContent = job.state === "running" ? (STAGES[job.stage] ?? job.stage) : "";
  slot("count").textContent = job.total ? `${job.done} / ${job.total}` : job.done || "";
  slot("error").textContent = job.error;
  const bar = place.querySelector("progress");
  if (bar && job.total) {
    bar.max = job.total;
    bar.value = job.done;
  } else bar?.removeAttribute("value");
  draw(job.curve ?? []);
}

// Loss by epoch, one line a stage.
function draw(curve) {
  const figure = document.querySelector(".curves");
  if (!figure || curve.length < 2) return;
  figure.hidden = false;
  const svg = figure.querySelector("svg");
  const stages = [...new Set(curve.map((point) => point.stage))];
  const last = Math.max(...curve.map((point) => point.epoch), 2);
  const high = Math.max(...curve.map((point) => point.loss));
  const low = Math.min(...curve.map((point) => point.loss));
  const x = (epoch) => (10 + (580 * (epoch - 1)) / (last - 1)).toFixed(1);
  const y = (loss) => (8 + 150 * (1 - (loss - low) / (high - low || 1))).toFixed(1);
  svg.replaceChildren();
  stages.forEach((stage, n) => {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", n ? "second" : "first");
    path.setAttribute("d", "M" + curve.filter((p) => p.stage === stage).map((p) => `${x(p.epoch)} ${y(p.loss)}`).join("L"));
    svg.append(path);
  });
}
