// Files sent into the library: each is uploaded, then all of a handful are added by one job.

import { ask, csrf, upload } from "./http.js";
import { t } from "./words.js";

const MOST = 50; // files of a job

const list = document.getElementById("sent");

async function take(files) {
  for (let first = 0; first < files.length; first += MOST) {
    const sent = [];
    for (const file of files.slice(first, first + MOST)) {
      const row = begun(file.name);
      try {
        sent.push([row, (await upload(file, (share) => (row.bar.value = share))).id]);
      } catch (error) {
        failed(row, error);
      }
    }
    if (sent.length) await keep(sent);
  }
}

function begun(name) {
  const place = document.createElement("li");
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.setAttribute("aria-label", name);
  const told = document.createElement("span");
  told.textContent = name;
  place.append(told, bar);
  list.append(place);
  return { bar };
}

function failed(row, error) {
  const why = document.createElement("b");
  why.textContent = error.message;
  row.bar.replaceWith(why);
}

async function keep(sent) {
  const body = new URLSearchParams({ csrf: csrf(), uploads: sent.map(([, id]) => id).join() });
  try {
    const job = await ask("/library/keep", { method: "POST", body });
    for (const [row] of sent) {
      const link = document.createElement("a");
      link.href = job.url;
      link.textContent = t("being added");
      row.bar.replaceWith(link);
    }
  } catch (error) {
    for (const [row] of sent) failed(row, error);
  }
}

const chooser = document.getElementById("files");
chooser.addEventListener("change", () => take([...chooser.files]));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  take([...event.dataTransfer.files]);
});
