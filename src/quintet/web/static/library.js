// Files sent into the library: each is uploaded, then added by a job.

import { ask, upload } from "./http.js";
import { t } from "./words.js";

const list = document.getElementById("sent");

async function take(files) {
  for (const file of files) {
    const row = document.createElement("li");
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.setAttribute("aria-label", file.name);
    const told = document.createElement("span");
    told.textContent = file.name;
    row.append(told, bar);
    list.append(row);
    try {
      const kept = await upload(file, (share) => (bar.value = share));
      const job = await (await ask(`/v1/uploads/${kept.id}/keep`, { method: "POST" })).json();
      const link = document.createElement("a");
      link.href = `/jobs/${job.id}`;
      link.textContent = t("being added");
      bar.replaceWith(link);
    } catch (error) {
      const why = document.createElement("b");
      why.textContent = error.message;
      bar.replaceWith(why);
    }
  }
}

const chooser = document.getElementById("files");
chooser.addEventListener("change", () => take([...chooser.files]));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  take([...event.dataTransfer.files]);
});
