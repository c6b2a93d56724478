// Improve: what to look at next, and weights that learn from what was coded.
import { $, clock, make, percent } from "./tools.js";
import { ask, complain, follow, remembered, t, tell } from "./server.js";

let state = null;

async function load() {
  const coder = remembered();
  state = await ask(`/api/improve${coder ? `?coder=${coder.id}` : ""}`);
  $("next").replaceChildren(...["uncertain", "rare", "disputed"].map(card));
  const options = [["", t("improve.shipped")], ...state.weights.map((name) => [name, name])];
  $("weights").replaceChildren(...options.map(([value, textContent]) => make("option", { value, textContent, selected: value === state.chosen })));
}

function card(kind) {
  const rows = state[kind].map((one) => make("li", {}, make("a", { href: `/review?recording=${one.recording}&coder=${one.coder}&at=${one.start}`, textContent: `${one.label}${one.score === null ? "" : `, ${percent(one.score)}`}` }), make("span", { className: "muted", textContent: ` ${one.name}, ${clock(one.start, 1)}` })));
  return make("section", { className: "panel" }, make("h3", { textContent: t(`improve.${kind}`) }), make("p", { className: "muted", textContent: t(`improve.${kind}_lead`) }),
    rows.length ? make("ol", {}, ...rows) : make("p", { className: "muted", textContent: t("improve.none") }));
}

$("adapt").onclick = () => ask("/api/improve/adapt", {}).catch(complain);
$("weights").onchange = async () => {
  try {
    await ask("/api/settings", { ...(await ask("/api/settings")), weights: $("weights").value }, "PUT");
    tell(t("saving.saved"));
  } catch (error) { complain(error); }
};

let last = "";
follow(({ jobs }) => {
  const job = jobs.filter((one) => one.kind === "adapt").at(-1);
  if (!job) return;
  const active = job.state === "queued" || job.state === "running";
  $("adapt").disabled = active;
  $("adapt-state").textContent = active ? `${t(`state.${job.state === "running" ? "working" : "queued"}`)} ${percent(job.progress)}` : "";
  $("adapt-result").hidden = active || !job.message;
  $("adapt-result").textContent = job.message;
  if (last && last !== job.state) load().catch(complain);
  last = job.state;
});
load().catch(complain);
