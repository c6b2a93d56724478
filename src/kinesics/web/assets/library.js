// The library: recordings in a table, analysed one by one, and new ones dropped in.
import { $, clock, make, percent } from "./tools.js";
import { ask, complain, follow, remembered, t, tell, whoIsThere } from "./server.js";

const state = { recordings: [], chosen: new Set(), sort: "name", down: false, jobs: new Map(), library: null };
const rows = new Map();

// ── the table ────────────────────────────────────────────────────────────────────────────────────────────────

const VALUES = {
  name: (one) => one.name.toLowerCase(),
  duration: (one) => one.duration ?? -1,
  state: (one) => t(`state.${one.state}`),
  people: (one) => one.people ?? -1,
  events: (one) => one.events ?? -1,
  reviews: (one) => one.reviews.length,
};
const FILTERS = {
  all: () => true,
  new: (one) => one.state === "new",
  analysed: (one) => one.state === "analysed",
  reviewed: (one) => one.reviews.some((review) => review.done),
  unreviewed: (one) => !one.reviews.some((review) => review.done),
  failed: (one) => one.state === "failed" || one.state === "broken",
};

function shown() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const value = VALUES[state.sort], turn = state.down ? -1 : 1;
  return state.recordings
    .filter(FILTERS[$("filter").value])
    .filter((one) => words.every((word) => `${one.name} ${one.reviews.map((review) => review.coder).join(" ")}`.toLowerCase().includes(word)))
    .sort((a, b) => turn * (value(a) > value(b) ? 1 : value(a) < value(b) ? -1 : 0));
}

function draw() {
  const visible = shown();
  $("rows").replaceChildren(...visible.map((one) => rowOf(one)));
  $("empty").hidden = state.recordings.length > 0;
  $("none").hidden = visible.length > 0 || !state.recordings.length;
  $("table").hidden = !state.recordings.length;
  for (const head of document.querySelectorAll("th[data-key]")) {
    head.setAttribute("aria-sort", head.dataset.key === state.sort ? (state.down ? "descending" : "ascending") : "none");
  }
  const seconds = state.recordings.reduce((sum, one) => sum + (one.duration ?? 0), 0);
  $("summary").textContent = t("library.summary", { count: state.recordings.length, length: clock(seconds, 0), shown: visible.length });
  drawChoice();
}

function drawChoice() {
  const open = state.recordings.filter(FILTERS.new).map((one) => one.id);
  const some = state.chosen.size > 0;
  $("analyze").disabled = !some && !open.length;
  $("analyze").textContent = some ? t("library.analyze_some", { count: state.chosen.size }) : t("library.analyze_new", { count: open.length });
  $("analyze").onclick = () => analyze(some ? [...state.chosen] : open);
  const visible = shown();
  $("every").checked = visible.length > 0 && visible.every((one) => state.chosen.has(one.id));
  $("every").indeterminate = some && !$("every").checked;
}

function rowOf(one) {
  const known = rows.get(one.id), text = JSON.stringify(one);
  if (known?.text === text) return known.row;
  const tick = make("input", { type: "checkbox", checked: state.chosen.has(one.id), "aria-label": t("library.choose", { name: one.name }) });
  tick.onchange = () => { tick.checked ? state.chosen.add(one.id) : state.chosen.delete(one.id); drawChoice(); };
  const link = make("a", { href: addressOf(one), textContent: one.name });
  const status = make("td", { className: "state" });
  const row = make("tr", {},
    make("td", { className: "tick" }, tick),
    make("th", { scope: "row", className: "name" }, link),
    make("td", { className: "number", textContent: one.duration === null ? "" : clock(one.duration, 0) }),
    status,
    make("td", { className: "number", textContent: one.people ?? "" }),
    make("td", { className: "number", textContent: one.events ?? "" }),
    make("td", { className: "reviews" }, ...one.reviews.map((review) => make("span", { className: review.done ? "who done" : "who", textContent: review.coder, title: t(review.done ? "library.done" : "library.begun") }))));
  rows.set(one.id, { row, text, status, one });
  drawState(one.id);
  return row;
}

const addressOf = (one) => `/review?recording=${one.id}`;

function drawState(id) {
  const { status, one } = rows.get(id) ?? {};
  if (!status) return;
  const job = state.jobs.get(id);
  if (job && (job.state === "running" || job.state === "queued")) {
    const bar = make("progress", { max: 1, value: job.progress, "aria-label": t("library.progress", { name: one.name }) });
    if (job.state === "queued") bar.removeAttribute("value");
    const stop = make("button", { className: "small", textContent: t("library.cancel"), "aria-label": t("library.cancel_one", { name: one.name }), onclick: () => ask(`/api/jobs/${job.id}/cancel`, {}).catch(complain) });
    status.replaceChildren(make("span", { className: "working" }, bar, make("span", { textContent: job.state === "queued" ? t("state.queued") : percent(job.progress) }), stop));
    return;
  }
  const words = make("span", { className: `mark ${one.state}`, textContent: t(`state.${one.state}`) });
  const why = one.problem || (one.state === "failed" ? one.message : "");
  const report = one.state === "analysed" ? [make("a", { className: "report", href: `/api/recordings/${one.id}/report`, target: "_blank", textContent: t("library.report"), "aria-label": t("library.report_of", { name: one.name }) })] : [];
  status.replaceChildren(words, ...report, ...(why ? [make("small", { className: "why", textContent: why })] : []));
}

async function analyze(recordings) {
  try {
    await ask("/api/recordings/analyze", { recordings });
    state.chosen.clear();
    rows.clear();
    draw();
  } catch (error) { complain(error); }
}

let loading = false, again = false;
async function load() {
  if (loading) { again = true; return; }
  loading = true;
  do {
    again = false;
    try { state.recordings = await ask("/api/recordings"); } catch (error) { complain(error); }
  } while (again);
  loading = false;
  state.chosen = new Set([...state.chosen].filter((id) => state.recordings.some((one) => one.id === id)));
  draw();
}

// ── new recordings ───────────────────────────────────────────────────────────────────────────────────────────

const waiting = [];
let sending = false;

async function add(files) {
  for (const file of files) {
    const bar = make("progress", { max: 1, value: 0, "aria-label": file.name });
    const words = make("span", {});
    const row = make("li", {}, make("span", { textContent: file.name }), bar, words);
    $("uploads").append(row);
    waiting.push({ file, bar, words, row });
  }
  if (sending) return;
  sending = true;
  while (waiting.length) await send(waiting.shift());
  sending = false;
}

function send({ file, bar, words, row }) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/recordings/upload?name=${encodeURIComponent(file.name)}`);
    request.upload.onprogress = (event) => { bar.value = event.loaded / event.total; };
    request.onloadend = () => {
      bar.remove();
      const ok = request.status === 201;
      let message = t("unreachable");
      try { message = JSON.parse(request.responseText).message ?? message; } catch { /* no words came */ }
      words.textContent = ok ? t("library.added") : message;
      row.classList.toggle("failed", !ok);
      if (ok) setTimeout(() => row.remove(), 4000);
      load();
      resolve();
    };
    request.send(file);
  });
}

/** The files of a drop, those inside dropped folders as well. */
async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = [];
  const walk = async (entry) => {
    if (entry.isFile) found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    else {
      const reader = entry.createReader();
      for (let some; (some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))).length;) for (const one of some) await walk(one);
    }
  };
  for (const entry of entries) await walk(entry);
  return found.filter((file) => !file.name.startsWith("."));
}

// ── all together ─────────────────────────────────────────────────────────────────────────────────────────────

for (const head of document.querySelectorAll("th[data-key]")) {
  head.firstElementChild.onclick = () => {
    state.down = state.sort === head.dataset.key && !state.down;
    state.sort = head.dataset.key;
    draw();
  };
}
$("search").oninput = draw;
$("filter").onchange = draw;
$("every").onchange = () => {
  for (const one of shown()) $("every").checked ? state.chosen.add(one.id) : state.chosen.delete(one.id);
  rows.clear();
  draw();
};
$("look").onclick = () => ask("/api/recordings/scan", {}).then(() => tell(t("library.looking"))).catch(complain);
$("files").onchange = () => { add([...$("files").files]); $("files").value = ""; };
document.addEventListener("dragover", (event) => { event.preventDefault(); $("drop").classList.add("over"); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").classList.remove("over"); });
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  add(await filesOf(event.dataTransfer));
});

function showCoder() {
  const coder = remembered();
  $("coder").hidden = !coder;
  if (coder) $("coder").textContent = coder.blind ? t("who.blind_chip", { name: coder.name }) : coder.name;
  $("coder").onclick = async () => { await whoIsThere({ anew: true }); showCoder(); };
}

showCoder();
follow((now) => {
  const before = [...state.jobs.keys()];
  state.jobs = new Map(now.jobs.filter((job) => job.state === "running" || job.state === "queued").map((job) => [job.recording_id, job]));
  const ended = before.some((id) => !state.jobs.has(id));
  if (now.library !== state.library || ended) { state.library = now.library; load(); }
  for (const id of new Set([...before, ...state.jobs.keys()])) drawState(id);
});
