// Rates, facial actions and confidence over time, facial expression over time.

// ── rates and curves ─────────────────────────────────────────────────────────────────────────────────────────

function drawRates(visible) {
  const groups = new Map();
  for (const event of visible) {
    const name = several ? `${event.label}, person ${event.person}` : event.label;
    groups.set(name, [...(groups.get(name) ?? []), event]);
  }
  const rows = [...groups].sort((a, b) => b[1].length - a[1].length);
  const most = rows.length ? rows[0][1].length : 1;
  const cell = (text) => make("td", { textContent: text });
  const head = ["Gesture", "A minute", "Events", "Time in all", "Mean confidence"].map((text, i) => make("th", { textContent: text, scope: "col", className: i === 1 ? "rate" : "" }));
  const body = rows.map(([name, own]) => make("tr", {},
    make("th", { textContent: name, scope: "row" }),
    make("td", { className: "rate" }, make("span", {}, make("i", { style: { width: `${(78 * own.length) / most}%`, "--colour": hue(own[0].label) } }), ((own.length * 60) / (DATA.duration || 1)).toFixed(1))),
    cell(own.length),
    cell(`${own.reduce((sum, event) => sum + event.end - event.start, 0).toFixed(1)} s`),
    cell(percent(own.reduce((sum, event) => sum + event.score, 0) / own.length))));
  $("rates").replaceChildren(make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body));
}

/** plotly.js lies packed in the page, and is unpacked when its chart is about to be seen. */
/** A label for plotly, which reads some HTML in texts. */
const asText = (label) => label.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

async function unpackPlotly() {
  const packed = Uint8Array.from(atob($("plotly").textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  document.head.append(make("script", { textContent: await new Response(stream).text() }));
}

const UNIT = DATA.duration > 180 ? { name: "minutes", seconds: 60 } : { name: "seconds", seconds: 1 };
let plotted = false;

async function startCharts() {
  try {
    await unpackPlotly();
  } catch {
    for (const chart of charts()) $(chart).replaceChildren(make("p", { className: "muted", textContent: "This browser is too old to draw the curves; everything else works." }));
    return;
  }
  offerPeople("curve-person", DATA.curves);
  offerPeople("action-person", DATA.actions);
  for (const chart of charts()) $(chart).replaceChildren();
  drawCharts();
  for (const chart of charts()) $(chart).on("plotly_click", (click) => { pause(); seek(click.points[0].x * UNIT.seconds); });
  if (DATA.curves.length) $("curves").on("plotly_relayout", followCurves);
  plotted = true;
}

/** The elements of those charts that there are data for. */
const charts = () => [...(DATA.actions.length ? ["action-curves"] : []), ...(DATA.curves.length ? ["curves"] : [])];

function offerPeople(id, curves) {
  if (!$(id)) return;
  $(id).append(...curves.map((curve, i) => make("option", { value: i, textContent: curve.person })));
  $(`${id}-choice`).hidden = curves.length < 2;
  $(id).onchange = drawCharts;
}

function drawCharts() {
  if (DATA.actions.length) drawActions(DATA.actions[$("action-person").value || 0]);
  if (DATA.curves.length) drawCurves(DATA.curves[$("curve-person").value || 0]);
  else $("curves").replaceChildren();
}

function drawCurves(curve) {
  const traces = Object.entries(curve.classes).map(([label, values]) => ({
    x: curve.times.map((time) => time / UNIT.seconds), y: values, name: asText(label), mode: "lines", line: { color: hue(label), width: 2 }, hovertemplate: "%{y:.0%}",
  }));
  const layout = chartLayout();
  layout.yaxis = { ...layout.yaxis, tickformat: ".0%", range: [0, 1.02] };
  layout.legend = { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 };
  window.Plotly.react("curves", traces, layout, CHART);
}

const ROW = 1.5; // from one action's curve to the next, in full strengths
/** One curve below the other, each with its name above it. */
function drawActions(one) {
  const rows = [...one.curves].reverse();
  const traces = rows.map(({ label, percent }, i) => ({
    x: one.times.map((time) => time / UNIT.seconds), y: percent.map((value) => (value === null ? null : i * ROW + value / 100)), customdata: percent, name: label, mode: "lines",
    line: { color: PALETTE[(rows.length - 1 - i) % PALETTE.length], width: 1.8 }, hovertemplate: "%{customdata} %",
  })).reverse();
  const layout = chartLayout();
  layout.yaxis = { ...layout.yaxis, range: [-0.1, rows.length * ROW - 0.05], tickvals: rows.flatMap((_, i) => [i * ROW, i * ROW + 1]), ticktext: rows.flatMap(() => ["0%", "100%"]), tickfont: { size: 9 } };
  layout.annotations = rows.map(({ label }, i) => ({ text: label, x: 0, xref: "paper", xanchor: "left", y: i * ROW + 1.02, yanchor: "bottom", showarrow: false, font: { size: 12, color: colourOf("--ink") } }));
  layout.showlegend = false;
  layout.xaxis = { ...layout.xaxis, range: faceSpan.map((time) => time / UNIT.seconds), fixedrange: true };
  window.Plotly.react("action-curves", traces, layout, CHART);
}

const CHART = { displaylogo: false, responsive: true, displayModeBar: false };

/** What the charts share; left and right they have the margins of the strips below. */
function chartLayout() {
  const line = colourOf("--line");
  return {
    margin: { l: MARGIN.left, r: MARGIN.right, t: 8, b: 36 }, paper_bgcolor: "transparent", plot_bgcolor: "transparent", font: { color: colourOf("--muted"), size: 12 },
    hovermode: "x unified", hoverlabel: { bgcolor: colourOf("--panel"), font: { color: colourOf("--ink") } },
    xaxis: { title: { text: UNIT.name }, gridcolor: line, zeroline: false, range: [0, DATA.duration / UNIT.seconds] },
    yaxis: { gridcolor: line, zeroline: false, fixedrange: true },
    shapes: [playheadShape()],
  };
}

const playheadShape = () => ({ type: "line", x0: state.time / UNIT.seconds, x1: state.time / UNIT.seconds, y0: 0, y1: 1, yref: "paper", line: { color: colourOf("--ink"), width: 1.5 } });

let line = { drawn: 0, time: 0 };
/** Ten times a second at most: plotly draws all of its chart for it. */
function movePlotLine() {
  const wait = 100 - (performance.now() - line.drawn);
  if (!plotted || line.time === state.time) return;
  if (wait > 0) return void setTimeout(refresh, wait);
  line = { drawn: performance.now(), time: state.time };
  for (const chart of charts()) window.Plotly.relayout(chart, { shapes: [playheadShape()] });
}

// ── facial expression ────────────────────────────────────────────────────────────────────────────────────────

const EXPRESSION_COLOURS = { neutral: "#aab2bd", happiness: "#e3ab35", surprise: "#e48fb3", sadness: "#4f8ac9", fear: "#8a6fcf", anger: "#cf5750", disgust: "#75a03f" };
const MARGIN = { left: 44, right: 8, top: 6, bottom: 22 }; // left and right as in the curves, so that times lie below times
const faceSpan = [0, DATA.duration || 1]; // seconds in view, as in the curves
const strips = [];

function buildFaces() {
  for (const face of DATA.faces) {
    const shares = Object.entries(face.shares).sort((a, b) => b[1] - a[1]);
    // neutral lies at the bottom, and what is told apart from it above
    const order = face.classes.map((label, i) => ({ label, i, colour: EXPRESSION_COLOURS[label] ?? PALETTE[i % PALETTE.length] })).sort((a, b) => (b.label === "neutral") - (a.label === "neutral"));
    const summary = shares.map(([label, share]) => `${label} ${percent(share)}`).join(", ");
    const canvas = make("canvas", { role: "img", "aria-label": `Facial expression of person ${face.person}: ${summary || "no face to read"}` });
    const mark = make("div", { className: "mark" });
    const plot = make("div", { className: "expressions-plot" }, canvas, mark);
    listenToStrip(plot, face);
    if (several) $("strips").append(make("h3", { textContent: `Person ${face.person}` }));
    $("strips").append(plot, legend(face, shares, order));
    strips.push({ face, order, canvas, mark });
    new ResizeObserver(drawFaces).observe(plot);
  }
}

function legend(face, shares, order) {
  const item = (label, share, properties) => make("li", properties, make("span", { textContent: label }), make("b", { textContent: percent(share) }));
  const items = shares.map(([label, share]) => item(label, share, { style: { "--colour": order.find((one) => one.label === label).colour } }));
  if (face.readable < 0.995) items.push(item("no face to read", 1 - face.readable, { className: "gap", title: "of the whole time" }));
  return make("ul", { className: "expressions" }, ...items);
}

/** The row of shares nearest to a time, null where there is none. */
function sharesAt(face, time) {
  const row = Math.round((time - face.first) / face.step);
  return face.rows[clamp(row, 0, face.rows.length - 1)];
}

function describeExpression(face, time) {
  const row = sharesAt(face, time);
  if (!row) return "no face to read";
  const strongest = row.map((share, i) => [face.classes[i], share]).sort((a, b) => b[1] - a[1]);
  return strongest.slice(0, 2).filter(([, share], i) => !i || share >= 0.1).map(([label, share]) => `${label} ${percent(share)}`).join(", ");
}

function drawFaces() {
  for (const strip of strips) drawExpressionStrip(strip);
  markFaces();
}

function drawExpressionStrip({ face, order, canvas }) {
  const ready = prepare(canvas);
  if (!ready) return;
  const { context, width, height } = ready;
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  const x = (time) => MARGIN.left + ((time - faceSpan[0]) / (faceSpan[1] - faceSpan[0])) * inner.width;
  const y = (share) => MARGIN.top + (1 - share) * inner.height;
  drawStripAxes(context, x, y, width);
  context.save();
  context.beginPath();
  context.rect(MARGIN.left, MARGIN.top, inner.width, inner.height);
  context.clip();
  hatch(context, MARGIN.left, width - MARGIN.right, y(0), y(1));
  for (const run of runsOf(face)) drawRun(context, face, order, run, x, y);
  context.restore();
}

/** [first, last] of the rows that follow each other without a gap. */
function runsOf(face) {
  const runs = [];
  face.rows.forEach((row, i) => {
    if (!row) return;
    if (i && face.rows[i - 1]) runs.at(-1)[1] = i;
    else runs.push([i, i]);
  });
  return runs;
}

function drawRun(context, face, order, [first, last], x, y) {
  const rows = face.rows.slice(first, last + 1), half = face.step / 2;
  const times = rows.map((_, i) => face.first + (first + i) * face.step);
  // every row holds for half a step around it
  const corners = [[times[0] - half, 0], ...times.map((time, i) => [time, i]), [times.at(-1) + half, rows.length - 1]];
  context.clearRect(x(times[0] - half), y(1), x(times.at(-1) + half) - x(times[0] - half), y(0) - y(1));
  const below = rows.map(() => 0);
  for (const { i, colour } of order) {
    const above = below.map((share, k) => share + rows[k][i]);
    context.beginPath();
    for (const [time, k] of corners) context.lineTo(x(time), y(above[k]));
    for (const [time, k] of [...corners].reverse()) context.lineTo(x(time), y(below[k]));
    context.fillStyle = context.strokeStyle = colour;
    context.lineWidth = 0.5; // closes the hairlines between neighbours
    context.fill();
    context.stroke();
    above.forEach((share, k) => { below[k] = share; });
  }
}

function hatch(context, left, right, bottom, top) {
  context.strokeStyle = colourOf("--line");
  context.lineWidth = 1;
  context.beginPath();
  for (let start = left - (bottom - top); start < right; start += 7) {
    context.moveTo(start, bottom);
    context.lineTo(start + bottom - top, top);
  }
  context.stroke();
}

function drawStripAxes(context, x, y, width) {
  context.fillStyle = colourOf("--muted");
  context.strokeStyle = colourOf("--line");
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const share of [0, 0.5, 1]) context.fillText(`${100 * share}%`, MARGIN.left - 6, y(share) + (share ? (share === 1 ? 3 : 0) : -3));
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].find((s) => x(s) - x(0) >= 70) ?? 7200;
  for (let i = Math.ceil(faceSpan[0] / step - 1e-6); i * step <= faceSpan[1] + 1e-6; i++) {
    const text = clock(i * step, step < 1 ? 1 : 0), half = context.measureText(text).width / 2;
    context.fillText(text, clamp(x(i * step), half, width - half), y(0) + 16);
  }
}

function listenToStrip(plot, face) {
  const timeUnderPointer = (pointer) => {
    const box = plot.getBoundingClientRect();
    const across = (pointer.clientX - box.left - MARGIN.left) / (box.width - MARGIN.left - MARGIN.right);
    return clamp(faceSpan[0] + across * (faceSpan[1] - faceSpan[0]), 0, DATA.duration);
  };
  plot.addEventListener("click", (click) => { pause(); seek(timeUnderPointer(click)); });
  plot.addEventListener("pointermove", (pointer) => {
    const time = timeUnderPointer(pointer);
    placeTip(`${clock(time)} · ${describeExpression(face, time)}`, pointer);
  });
  plot.addEventListener("pointerleave", () => { $("tip").hidden = true; });
}

/** Where the playhead is, and what the face looks like there. */
function markFaces() {
  if (!strips.length) return;
  const across = (now() - faceSpan[0]) / (faceSpan[1] - faceSpan[0]);
  for (const { mark } of strips) {
    mark.hidden = across < 0 || across > 1;
    mark.style.left = `calc(${MARGIN.left}px + (100% - ${MARGIN.left + MARGIN.right}px) * ${across})`;
  }
  const texts = strips.map(({ face }) => `${several ? `Person ${face.person}: ` : ""}${describeExpression(face, now())}`);
  $("faces-now").textContent = `${clock(now())} · ${texts.join(" · ")}`;
}

/** After the curves were enlarged, or shown whole again, actions and strips follow. */
function followCurves() {
  const range = $("curves").layout.xaxis.range.map((value) => value * UNIT.seconds);
  if (range.every((value, i) => value === faceSpan[i])) return;
  [faceSpan[0], faceSpan[1]] = range;
  if (DATA.actions.length) window.Plotly.relayout("action-curves", { "xaxis.range": range.map((time) => time / UNIT.seconds) });
  drawFaces();
}
