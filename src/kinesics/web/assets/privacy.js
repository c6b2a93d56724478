// Privacy: what is stored where, and its deletion.
import { $, make } from "./tools.js";
import { ask, complain, t, tell } from "./server.js";

const chosen = new Set();
let found = null;

const size = (bytes) => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : bytes >= 1e5 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1000)} kB`);

async function load() {
  found = await ask("/api/storage");
  $("folder").textContent = t("privacy.folder", { folder: found.folder, database: found.database.name, size: size(found.database.bytes) });
  $("recordings").replaceChildren(...found.recordings.map((one) => {
    const tick = make("input", { type: "checkbox", checked: chosen.has(one.id), "aria-label": t("library.choose", { name: one.name }) });
    tick.onchange = () => { tick.checked ? chosen.add(one.id) : chosen.delete(one.id); showChoice(); };
    return make("tr", {}, make("td", { className: "tick" }, tick), make("th", { scope: "row", textContent: one.name }), make("td", { className: "number", textContent: size(one.bytes) }),
      make("td", { textContent: one.result_bytes ? one.results : "" }), make("td", { className: "number", textContent: one.result_bytes ? size(one.result_bytes) : "" }));
  }));
  $("coders").replaceChildren(...found.coders.map((one) => make("tr", {}, make("th", { scope: "row", textContent: one.name }), make("td", { textContent: t("privacy.marks", { count: one.marks }) }),
    make("td", {}, make("button", { className: "danger small", textContent: t("privacy.delete"), "aria-label": t("privacy.delete_coder", { name: one.name }), onclick: () => removeCoder(one) })))));
  const settings = await ask("/api/settings");
  for (const key of ["blur", "people"]) $(key).value = settings[key];
  showChoice();
}

function showChoice() {
  $("delete-results").disabled = $("delete-recordings").disabled = !chosen.size;
  $("every").checked = chosen.size > 0 && chosen.size === found.recordings.length;
}

function agreed(title, text) {
  $("ask-title").textContent = title;
  $("ask-text").textContent = text;
  $("ask").showModal();
  return new Promise((resolve) => {
    $("ask-yes").onclick = () => { $("ask").close("yes"); };
    $("ask-no").onclick = () => { $("ask").close("no"); };
    $("ask").addEventListener("close", () => resolve($("ask").returnValue === "yes"), { once: true });
  });
}

async function remove(path, key) {
  const recordings = [...chosen], names = found.recordings.filter((one) => chosen.has(one.id)).map((one) => one.name).join(", ");
  $("ask").returnValue = "";
  if (!(await agreed(t(`privacy.${key}`), t(`privacy.${key}_sure`, { names })))) return;
  try {
    await ask(path, { recordings });
    await ask("/api/storage/compact", {});
    chosen.clear();
    tell(t("privacy.deleted"));
    await load();
  } catch (error) { complain(error); }
}

async function removeCoder(one) {
  $("ask").returnValue = "";
  if (!(await agreed(t("privacy.delete_coder", { name: one.name }), t("privacy.delete_coder_sure", { name: one.name, count: one.marks })))) return;
  try {
    await ask(`/api/coders/${one.id}`, undefined, "DELETE");
    await ask("/api/storage/compact", {});
    tell(t("privacy.deleted"));
    await load();
  } catch (error) { complain(error); }
}

$("delete-results").onclick = () => remove("/api/storage/delete-results", "delete_results");
$("delete-recordings").onclick = () => remove("/api/storage/delete-recordings", "delete_recordings");
$("every").onchange = () => { for (const one of found.recordings) $("every").checked ? chosen.add(one.id) : chosen.delete(one.id); load().catch(complain); };
for (const key of ["blur", "people"]) {
  $(key).onchange = async () => {
    try {
      await ask("/api/settings", { ...(await ask("/api/settings")), [key]: $(key).value }, "PUT");
      tell(t("saving.saved"));
    } catch (error) { complain(error); }
  };
}
load().catch(complain);
