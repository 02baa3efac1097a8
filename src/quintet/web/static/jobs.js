// Jobs as they go: told by server-sent events, with the curve of a training.

import { say } from "./main.js";
import { t } from "./words.js";

const STATES = { queued: t("waiting"), running: t("running"), done: t("done"), failed: t("failed"), cancelled: t("cancelled") };
const STAGES = {
  scan: t("looking for files"), add: t("reading files"), read: t("reading features"), fit: t("learning"),
  "fit on all": t("learning from all"), embed: t("placing items"), index: t("building indexes"),
};

for (const place of document.querySelectorAll(".job[data-job]")) {
  draw(JSON.parse(place.dataset.curve || "[]"));
  if (place.dataset.state === "queued" || place.dataset.state === "running") watch(place);
}

function watch(place) {
  const events = new EventSource(`/v1/jobs/${place.dataset.job}/events`);
  events.addEventListener("job", (event) => {
    const job = JSON.parse(event.data);
    update(place, job);
    if (job.state === "queued" || job.state === "running") return;
    events.close();
    say(STATES[job.state]);
    if (document.getElementById("run")) setTimeout(() => location.reload(), 600);
  });
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
