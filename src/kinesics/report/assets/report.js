"use strict";
// The page draws everything from one block of data. Positions are 0..1 across the picture, times in seconds.

const DATA = JSON.parse(document.getElementById("data").textContent);
const PALETTE = ["#3b82c4", "#d97a1f", "#2f9e6e", "#b5539c", "#7a63c9", "#c2504d", "#1f9aa8", "#a3842a", "#d45c8b", "#6b8f2b", "#5573a8", "#96694c"];
const PAGE = 24; // cards shown at first
const HOLD = 0.6; // seconds that a looping event rests at its end

const $ = (id) => document.getElementById(id);
const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const percent = (share) => `${Math.round(100 * share)} %`;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const events = DATA.events.map((event, number) => ({ ...event, number }));
const counts = new Map();
for (const event of events) counts.set(event.label, (counts.get(event.label) ?? 0) + 1);
const labels = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
for (const curve of DATA.curves) labels.push(...Object.keys(curve.classes).filter((label) => !labels.includes(label)));
const hue = (label) => PALETTE[labels.indexOf(label) % PALETTE.length];
const several = DATA.people.length > 1;

const state = { time: 0, peek: null, playing: false, until: null, selected: null, zoom: 1, hidden: new Set(), floor: 0, cards: PAGE };
const shown = (event) => !state.hidden.has(event.label) && event.score >= state.floor;
const now = () => state.peek ?? state.time;

function clock(seconds, digits = 1) {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = (Math.floor((seconds % 60) * 10 ** digits) / 10 ** digits).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return parts[0] ? `${parts[0]}:${String(parts[1]).padStart(2, "0")}:${rest}` : `${parts[1]}:${rest}`;
}

/** An element with properties, attributes (names with a dash, `role`, `for`) and children; text is never markup. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "style") for (const [key, setting] of Object.entries(value)) element.style.setProperty(key, setting);
    else if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

// ── skeletons and pictures ───────────────────────────────────────────────────────────────────────────────────

/** Base64 of uint16 pairs to positions; 0 is a missing joint and becomes NaN. */
function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const span = 1 + 2 * DATA.reach;
  return Float32Array.from(new Uint16Array(bytes.buffer), (value) => (value ? ((value - 1) / 65534) * span - DATA.reach : NaN));
}

const size = 2 * DATA.joints;
const people = DATA.people.map((one) => ({ person: one.person, motion: unpack(one.motion), onPictures: unpack(one.on_pictures) }));

/** The joints at a time, between two kept skeletons where both are known. */
function poseAt(one, time) {
  const steps = one.motion.length / size;
  const position = clamp(time * DATA.motion_rate, 0, steps - 1);
  const first = Math.floor(position), share = position - first;
  const a = one.motion.subarray(first * size, (first + 1) * size);
  const b = first + 1 < steps ? one.motion.subarray((first + 1) * size, (first + 2) * size) : a;
  return a.map((value, i) => (Number.isNaN(b[i]) ? value : value * (1 - share) + b[i] * share));
}

const poseOnPicture = (one, k) => one.onPictures.subarray(k * size, (k + 1) * size);

function pictureAt(time, from = 0, to = DATA.pictures.length - 1) {
  let low = from, high = to;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (DATA.pictures[middle].time <= time) low = middle; else high = middle;
  }
  return time - DATA.pictures[low].time <= DATA.pictures[high].time - time ? low : high;
}

const loaded = new Map();
/** The picture if it has been decoded; else it is drawn as soon as it has, by `again`. */
function image(k, again) {
  if (!loaded.has(k)) {
    const element = new Image();
    element.src = DATA.pictures[k].uri;
    loaded.set(k, element);
  }
  const element = loaded.get(k);
  if (element.complete) return element;
  element.addEventListener("load", again, { once: true });
  return null;
}

/** A canvas ready to draw on in CSS pixels, or null while it is not laid out. */
function prepare(canvas) {
  const width = canvas.clientWidth, height = canvas.clientHeight, dots = devicePixelRatio || 1;
  if (!width || !height) return null;
  if (canvas.width !== Math.round(width * dots) || canvas.height !== Math.round(height * dots)) {
    canvas.width = Math.round(width * dots);
    canvas.height = Math.round(height * dots);
  }
  const context = canvas.getContext("2d");
  context.setTransform(dots, 0, 0, dots, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** Where a box of the picture lands on a canvas: as large as possible, in the middle. */
function view({ width, height }, [left, top, right, bottom]) {
  const scale = Math.min(width / ((right - left) * DATA.aspect), height / (bottom - top));
  return {
    scale,
    x: (value) => width / 2 + (value - (left + right) / 2) * scale * DATA.aspect,
    y: (value) => height / 2 + (value - (top + bottom) / 2) * scale,
  };
}

/** The box grown by a margin; square where asked, and then inside the picture if there is one. */
function framed([left, top, right, bottom], margin, square = false) {
  let width = (right - left) * DATA.aspect * (1 + margin), height = (bottom - top) * (1 + margin);
  if (square) width = height = Math.max(width, height, 0.25);
  if (square && DATA.pictures.length) width = height = Math.min(width, 1, DATA.aspect);
  const inside = (middle, half) => (square && DATA.pictures.length ? clamp(middle, half, 1 - half) : middle);
  const x = inside((left + right) / 2, width / DATA.aspect / 2), y = inside((top + bottom) / 2, height / 2);
  return [x - width / DATA.aspect / 2, y - height / 2, x + width / DATA.aspect / 2, y + height / 2];
}

function drawPose(context, pose, at, width, edge) {
  const point = (joint) => [at.x(pose[2 * joint]), at.y(pose[2 * joint + 1])];
  const seen = (joint) => !Number.isNaN(pose[2 * joint]);
  const paths = DATA.strokes.map((stroke) => {
    const path = new Path2D();
    const corners = stroke.joints.filter(seen).map(point);
    if (stroke.closed && corners.length > 2) ring(path, corners);
    else corners.forEach((corner, i) => (i ? path.lineTo(...corner) : path.moveTo(...corner)));
    return path;
  });
  context.lineCap = context.lineJoin = "round";
  if (edge) {
    context.strokeStyle = "rgb(0 0 0 / 45%)";
    DATA.strokes.forEach((stroke, i) => {
      context.lineWidth = width * stroke.width + 2;
      context.stroke(paths[i]);
    });
  }
  const hues = edge ? DATA.colours : { left: colourOf("--left"), right: colourOf("--right"), middle: colourOf("--middle") };
  DATA.strokes.forEach((stroke, i) => {
    context.strokeStyle = hues[stroke.side];
    context.lineWidth = width * stroke.width;
    context.stroke(paths[i]);
  });
  context.fillStyle = hues.middle;
  const [left, right] = DATA.eyes.map(point);
  const dot = edge ? width * 0.5 : Math.max(width * 0.4, 0.045 * (Math.hypot(left[0] - right[0], left[1] - right[1]) || 0));
  for (const [joint, share] of DATA.dots.filter(([joint]) => seen(joint))) {
    context.beginPath();
    context.arc(...point(joint), dot * share, 0, 2 * Math.PI);
    context.fill();
  }
}

const ROUND = 3.62; // makes an ellipse of four corners
/** A closed, round line through the corners. */
function ring(path, corners) {
  const corner = (i) => corners[(i + corners.length) % corners.length];
  path.moveTo(...corner(0));
  for (let i = 0; i < corners.length; i++) {
    const [before, a, b, after] = [corner(i - 1), corner(i), corner(i + 1), corner(i + 2)];
    path.bezierCurveTo(a[0] + (b[0] - before[0]) / ROUND, a[1] + (b[1] - before[1]) / ROUND, b[0] - (after[0] - a[0]) / ROUND, b[1] - (after[1] - a[1]) / ROUND, b[0], b[1]);
  }
}

function drawPicture(context, k, at, again) {
  const picture = image(k, again);
  if (picture) context.drawImage(picture, at.x(0), at.y(0), at.x(1) - at.x(0), at.y(1) - at.y(0));
}

// ── the stage ────────────────────────────────────────────────────────────────────────────────────────────────

const wholeBox = framed(DATA.box, 0.15);

function drawStage() {
  const time = now();
  if (DATA.pictures.length) drawStagePicture(pictureAt(time), time);
  const canvas = prepare($("skeleton"));
  if (canvas) {
    const at = view(canvas, wholeBox);
    for (const one of people) drawPose(canvas.context, poseAt(one, time), at, clamp(canvas.height / 70, 3, 6), false);
  }
}

function drawStagePicture(k, time) {
  const canvas = prepare($("picture"));
  if (!canvas) return;
  const at = view(canvas, [0, 0, 1, 1]);
  drawPicture(canvas.context, k, at, refresh);
  if ($("overlay").checked) for (const one of people) drawPose(canvas.context, poseOnPicture(one, k), at, clamp(canvas.height / 130, 2, 4), true);
  const away = Math.abs(DATA.pictures[k].time - time);
  $("picture-note").textContent = away > 0.5 ? `picture from ${clock(DATA.pictures[k].time)}` : "";
}

function describeNow() {
  const time = now();
  const current = events.filter((event) => shown(event) && event.start <= time && time < event.end);
  const words = current.map((event) => `${several ? `Person ${event.person}: ` : ""}${event.label}, ${percent(event.score)}`);
  if ($("now").dataset.words === words.join("|")) return;
  $("now").dataset.words = words.join("|");
  $("now").replaceChildren(...current.map((event, i) => make("span", { className: "tag", textContent: words[i], style: { "--colour": hue(event.label) } })));
}

// ── the timeline ─────────────────────────────────────────────────────────────────────────────────────────────

const STRIP = DATA.pictures.length ? 52 : 0, AXIS = 20;
const share = (time) => `${(100 * time) / (DATA.duration || 1)}%`;
const bars = new Map();

function buildLanes() {
  for (const one of people) {
    const own = events.filter((event) => event.person === one.person);
    if (several) $("lanes").append(make("div", { className: "group", textContent: `Person ${one.person}` }));
    for (const label of labels.filter((label) => own.some((event) => event.label === label))) {
      const lane = make("div", { className: "lane", role: "group", "aria-label": label }, make("span", { className: "lane-name", textContent: label }));
      lane.dataset.label = label;
      lane.append(...own.filter((event) => event.label === label).map(makeBar));
      $("lanes").append(lane);
    }
  }
  $("timeline").classList.toggle("dense", $("lanes").childElementCount > 12);
}

function makeBar(event) {
  const words = `${event.label}, ${clock(event.start)} to ${clock(event.end)}, ${percent(event.score)} confident`;
  const bar = make("button", {
    className: "bar", "aria-label": words, "aria-pressed": "false", onclick: () => select(event),
    style: { left: share(event.start), width: share(event.end - event.start), "--colour": hue(event.label), "--strength": 0.45 + 0.55 * event.score },
  });
  bar.dataset.event = event.number;
  bars.set(event, bar);
  return bar;
}

function drawStrip() {
  const canvas = prepare($("strip"));
  if (!canvas || !DATA.duration) return;
  const { context, width } = canvas;
  const whole = $("content").clientWidth, offset = $("timeline").scrollLeft;
  const timeOf = (x) => ((x + offset) / whole) * DATA.duration;
  if (STRIP) {
    const tile = Math.max(24, STRIP * DATA.aspect);
    for (let x = -(offset % tile); x < width; x += tile) {
      const picture = image(pictureAt(clamp(timeOf(x + tile / 2), 0, DATA.duration)), refresh);
      if (picture) context.drawImage(picture, x, 0, tile - 1, STRIP);
    }
  }
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].find((s) => (s / DATA.duration) * whole >= 70) ?? 7200;
  context.fillStyle = context.strokeStyle = colourOf("--muted");
  context.font = "11px system-ui, sans-serif";
  context.lineWidth = 1;
  for (let i = Math.ceil(timeOf(0) / step); i * step <= Math.min(timeOf(width), DATA.duration); i++) {
    const x = ((i * step) / DATA.duration) * whole - offset;
    context.beginPath();
    context.moveTo(x + 0.5, STRIP);
    context.lineTo(x + 0.5, STRIP + 5);
    context.stroke();
    context.fillText(clock(i * step, step < 1 ? 1 : 0), x + 4, STRIP + 13);
  }
}

function zoomTo(zoom) {
  const box = $("timeline"), middle = state.time / (DATA.duration || 1);
  state.zoom = clamp(zoom, 1, Math.max(1, DATA.duration / 4));
  $("content").style.setProperty("--zoom", state.zoom);
  box.scrollLeft = middle * $("content").clientWidth - box.clientWidth / 2;
  refresh();
}

function keepPlayheadInView() {
  const box = $("timeline"), x = (state.time / (DATA.duration || 1)) * $("content").clientWidth;
  if (x < box.scrollLeft || x > box.scrollLeft + box.clientWidth) box.scrollLeft = x - box.clientWidth / 3;
}

function timeUnder(pointer) {
  const box = $("content").getBoundingClientRect();
  return clamp((pointer.clientX - box.left) / box.width, 0, 1) * DATA.duration;
}

function listenToTimeline() {
  const content = $("content");
  let dragging = false;
  content.addEventListener("pointerdown", (pointer) => {
    if (pointer.button || pointer.target.closest(".bar")) return;
    const onRuler = pointer.target.closest(".ruler");
    if (!onRuler && pointer.pointerType !== "mouse") return; // a finger on the lanes scrolls
    dragging = true;
    content.setPointerCapture(pointer.pointerId);
    pause();
    seek(timeUnder(pointer));
  });
  content.addEventListener("pointermove", (pointer) => {
    if (dragging) seek(timeUnder(pointer));
    else if (pointer.pointerType === "mouse" && !state.playing) state.peek = timeUnder(pointer);
    showTip(pointer);
    refresh();
  });
  const leave = () => { state.peek = null; $("tip").hidden = true; refresh(); };
  for (const name of ["pointerup", "pointercancel"]) content.addEventListener(name, () => { dragging = false; });
  content.addEventListener("click", (click) => { if (!click.target.closest(".bar")) content.focus?.(); });
  content.addEventListener("pointerleave", leave);
  $("timeline").addEventListener("scroll", refresh, { passive: true });
  $("timeline").addEventListener("wheel", (wheel) => {
    if (!wheel.ctrlKey) return;
    wheel.preventDefault();
    zoomTo(state.zoom * (wheel.deltaY < 0 ? 1.25 : 0.8));
  }, { passive: false });
}

function showTip(pointer) {
  const bar = pointer.target.closest(".bar");
  const event = bar && events[bar.dataset.event];
  placeTip(event ? `${event.label} · ${clock(event.start)} – ${clock(event.end)} · ${percent(event.score)}` : clock(timeUnder(pointer)), pointer);
}

function placeTip(text, pointer) {
  const tip = $("tip");
  tip.textContent = text;
  tip.hidden = false;
  tip.style.left = `${clamp(pointer.clientX + 12, 4, innerWidth - tip.offsetWidth - 4)}px`;
  tip.style.top = `${pointer.clientY - tip.offsetHeight - 12}px`;
}

// ── playing and choosing ─────────────────────────────────────────────────────────────────────────────────────

function seek(time) {
  state.time = clamp(time, 0, DATA.duration);
  state.peek = null;
  keepPlayheadInView();
  refresh();
}

function select(event) {
  pause();
  state.selected = event;
  for (const [other, bar] of bars) bar.setAttribute("aria-pressed", String(other === event));
  for (const [other, card] of cards) {
    card.element.classList.toggle("selected", other === event);
    card.pick.setAttribute("aria-pressed", String(other === event));
  }
  if (!cards.get(event).element.isConnected) filter();
  seek((event.start + event.end) / 2);
  animate(event);
}

function selectBeside(direction) {
  const row = events.filter(shown);
  if (!row.length) return;
  const at = row.indexOf(state.selected);
  const after = row.findIndex((event) => event.start > state.time);
  const start = direction > 0 ? (after < 0 ? row.length : after) - 1 : after < 0 ? row.length : after;
  select(row[clamp((at < 0 ? start : at) + direction, 0, row.length - 1)]);
}

function play(until = null) {
  if (until === null && state.time >= DATA.duration - 0.05) state.time = 0;
  Object.assign(state, { playing: true, until, peek: null });
  let last = performance.now();
  const step = (moment) => {
    if (!state.playing) return;
    state.time += ((moment - last) / 1000) * Number($("speed").value);
    last = moment;
    const end = state.until ?? DATA.duration;
    if (state.time >= end) { state.time = end; pause(); }
    keepPlayheadInView();
    refresh();
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
  showPlaying();
}

function pause() {
  state.playing = false;
  showPlaying();
}

function showPlaying() {
  $("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
  $("play-shape").setAttribute("d", state.playing ? "M6.5 5h4v14h-4zM13.5 5h4v14h-4z" : "M7 4.5v15l13-7.5z");
}

function playEvent(event) {
  select(event);
  seek(event.start);
  $("stage").scrollIntoView({ block: "nearest" });
  play(event.end);
}

function listenToControls() {
  $("play").onclick = () => (state.playing ? pause() : play());
  $("previous").onclick = () => selectBeside(-1);
  $("next").onclick = () => selectBeside(1);
  $("overlay").onchange = refresh;
  $("zoom-in").onclick = () => zoomTo(state.zoom * 2);
  $("zoom-out").onclick = () => zoomTo(state.zoom / 2);
  $("zoom-all").onclick = () => zoomTo(1);
  const keys = {
    ArrowLeft: (key) => seek(state.time - (key.shiftKey ? 5 : 0.2)),
    ArrowRight: (key) => seek(state.time + (key.shiftKey ? 5 : 0.2)),
    Home: () => seek(0),
    End: () => seek(DATA.duration),
    " ": () => (state.playing ? pause() : play()),
    n: () => selectBeside(1),
    p: () => selectBeside(-1),
  };
  document.addEventListener("keydown", (key) => {
    const action = keys[key.key.length === 1 ? key.key.toLowerCase() : key.key];
    const typing = key.target.closest("input, select, summary, a") || (key.key === " " && key.target.closest("button"));
    if (!action || typing || key.ctrlKey || key.metaKey || key.altKey) return;
    key.preventDefault();
    action(key);
  });
}

// ── event cards ──────────────────────────────────────────────────────────────────────────────────────────────

const cards = new Map();

function buildCards() {
  for (const event of events) cards.set(event, makeCard(event));
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) drawCard(events[entry.target.dataset.event]);
  }, { rootMargin: "300px" });
  for (const card of cards.values()) watcher.observe(card.element);
  addEventListener("beforeprint", () => events.forEach((event) => drawCard(event)));
}

function makeCard(event) {
  const canvases = (DATA.pictures.length ? ["picture", "skeleton"] : ["skeleton"]).map(() => make("canvas", { "aria-hidden": "true" }));
  const pick = make("button", { className: "pick", textContent: event.label, "aria-pressed": "false" });
  const watch = make("button", { textContent: "Play", "aria-label": `Play ${event.label} at ${clock(event.start)}`, onclick: (click) => { click.stopPropagation(); playEvent(event); } });
  const who = several ? `Person ${event.person} · ` : "";
  const also = event.guesses.map(([label, chance]) => `${label} ${percent(chance)}`).join(", ");
  const element = make("li", { className: "card", style: { "--colour": hue(event.label) }, onclick: () => select(event) },
    make("div", { className: "media" }, ...canvases),
    make("div", { className: "card-text" },
      make("div", { className: "card-line" }, pick, watch),
      make("div", { className: "card-line" }, make("span", { textContent: `${who}${clock(event.start)} – ${clock(event.end)}` }), make("span", { textContent: percent(event.score), title: "The model's confidence at its highest" })),
      make("div", { className: "meter" }, make("i", { style: { width: percent(event.score).replace(" ", "") } })),
      make("p", { className: "guesses", textContent: also && `or: ${also}` })));
  element.dataset.event = event.number;
  element.addEventListener("pointerenter", () => animate(event));
  element.addEventListener("focusin", () => animate(event));
  return { element, canvases, pick, box: framed(event.box, 0.2, true) };
}

function drawCard(event, time = (event.start + event.end) / 2) {
  const card = cards.get(event), one = people.find((other) => other.person === event.person);
  const skeleton = prepare(card.canvases.at(-1));
  if (!skeleton || !one) return;
  const at = view(skeleton, card.box);
  drawTrails(skeleton.context, one, event, at);
  drawPose(skeleton.context, poseAt(one, time), at, clamp(skeleton.height / 48, 2.5, 4), false);
  if (!DATA.pictures.length) return;
  const picture = prepare(card.canvases[0]);
  if (picture) drawPicture(picture.context, pictureAt(time), view(picture, card.box), () => drawCard(event, time));
}

/** The way that each wrist takes during the event. */
function drawTrails(context, one, event, at) {
  DATA.wrists.forEach((wrist, i) => {
    context.beginPath();
    let drawn = false; // a gap in the track stays a gap
    for (let time = event.start; time <= event.end; time += 1 / DATA.motion_rate) {
      const pose = poseAt(one, time), seen = !Number.isNaN(pose[2 * wrist]);
      if (seen) context[drawn ? "lineTo" : "moveTo"](at.x(pose[2 * wrist]), at.y(pose[2 * wrist + 1]));
      drawn = seen;
    }
    context.globalAlpha = 0.28;
    context.lineWidth = 7;
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = colourOf(i ? "--right" : "--left");
    context.stroke();
    context.globalAlpha = 1;
  });
}

let moving = null;
/** Play an event inside its card, over and over, while the pointer or the focus is on it. */
function animate(event) {
  if (calm.matches || moving === event) return;
  moving = event;
  const begin = performance.now(), card = cards.get(event).element;
  const length = event.end - event.start + HOLD;
  const step = (moment) => {
    if (moving !== event || !(card.matches(":hover") || card.contains(document.activeElement))) {
      if (moving === event) moving = null;
      return drawCard(event);
    }
    drawCard(event, Math.min(event.end, event.start + (((moment - begin) / 1000) % length)));
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

function listenToFilters() {
  if (!events.length) return;
  for (const label of labels.filter((label) => counts.has(label))) {
    const chip = make("button", { className: "chip", textContent: `${label} ${counts.get(label)}`, "aria-pressed": "true", style: { "--colour": hue(label) } });
    chip.onclick = () => {
      if (!state.hidden.delete(label)) state.hidden.add(label);
      chip.setAttribute("aria-pressed", String(!state.hidden.has(label)));
      filter();
    };
    $("chips").append(chip);
  }
  $("sort").onchange = filter;
  $("all").onclick = () => { state.cards = Infinity; filter(); };
  $("floor").oninput = () => {
    state.floor = $("floor").value / 100;
    $("floor-value").textContent = percent(state.floor);
    filter();
  };
}

function filter() {
  const order = events.length && $("sort").value === "score" ? (a, b) => b.score - a.score : (a, b) => a.start - b.start;
  const visible = events.filter(shown).sort(order);
  state.cards = Math.max(state.cards, visible.indexOf(state.selected) + 1);
  $("cards").replaceChildren(...visible.slice(0, state.cards).map((event) => cards.get(event).element));
  $("all").hidden = visible.length <= state.cards;
  $("all").textContent = `Show all ${visible.length} events`;
  for (const [event, bar] of bars) bar.hidden = !shown(event);
  for (const lane of document.querySelectorAll(".lane")) lane.hidden = state.hidden.has(lane.dataset.label);
  $("nothing").hidden = visible.length > 0;
  $("shown").textContent = visible.length === events.length ? "" : `${visible.length} of ${events.length} shown`;
  if (events.length) drawRates(visible);
  refresh();
}

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
async function unpackPlotly() {
  const packed = Uint8Array.from(atob($("plotly").textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  document.head.append(make("script", { textContent: await new Response(stream).text() }));
}

const UNIT = DATA.duration > 180 ? { name: "minutes", seconds: 60 } : { name: "seconds", seconds: 1 };
let plotted = false;

async function startCurves() {
  try {
    await unpackPlotly();
  } catch {
    $("curves").replaceChildren(make("p", { className: "muted", textContent: "This browser is too old to draw the curves; everything else works." }));
    return;
  }
  $("curve-person").append(...DATA.curves.map((curve, i) => make("option", { value: i, textContent: curve.person })));
  $("curve-person-choice").hidden = DATA.curves.length < 2;
  $("curve-person").onchange = drawCurves;
  drawCurves();
}

function drawCurves() {
  const curve = DATA.curves[$("curve-person").value || 0];
  if (!curve) return $("curves").replaceChildren();
  const ink = colourOf("--muted"), line = colourOf("--line");
  const traces = Object.entries(curve.classes).map(([label, values]) => ({
    x: curve.times.map((time) => time / UNIT.seconds), y: values, name: label, mode: "lines", line: { color: hue(label), width: 2 }, hovertemplate: "%{y:.0%}",
  }));
  const layout = {
    margin: { l: 44, r: 8, t: 8, b: 36 }, paper_bgcolor: "transparent", plot_bgcolor: "transparent", font: { color: ink, size: 12 },
    hovermode: "x unified", hoverlabel: { bgcolor: colourOf("--panel"), font: { color: colourOf("--ink") } },
    xaxis: { title: { text: UNIT.name }, gridcolor: line, zeroline: false, range: [0, DATA.duration / UNIT.seconds] },
    yaxis: { tickformat: ".0%", gridcolor: line, zeroline: false, range: [0, 1.02], fixedrange: true },
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 }, shapes: [playheadShape()],
  };
  if (!plotted) $("curves").replaceChildren();
  window.Plotly.react("curves", traces, layout, { displaylogo: false, responsive: true, displayModeBar: false });
  if (!plotted) {
    $("curves").on("plotly_click", (click) => { pause(); seek(click.points[0].x * UNIT.seconds); });
    $("curves").on("plotly_relayout", followCurves);
  }
  plotted = true;
}

const playheadShape = () => ({ type: "line", x0: state.time / UNIT.seconds, x1: state.time / UNIT.seconds, y0: 0, y1: 1, yref: "paper", line: { color: colourOf("--ink"), width: 1.5 } });

let line = { drawn: 0, time: 0 };
/** Ten times a second at most: plotly draws all of its chart for it. */
function movePlotLine() {
  const wait = 100 - (performance.now() - line.drawn);
  if (!plotted || line.time === state.time) return;
  if (wait > 0) return void setTimeout(refresh, wait);
  line = { drawn: performance.now(), time: state.time };
  window.Plotly.relayout("curves", { shapes: [playheadShape()] });
}

// ── all together ─────────────────────────────────────────────────────────────────────────────────────────────

let waiting = false;
/** Draw what changes with the moment, once a frame at most. */
function refresh() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    drawStage();
    describeNow();
    drawStrip();
    $("playhead").style.left = share(state.time);
    $("ghost").hidden = state.peek === null;
    $("ghost").style.left = share(now());
    $("clock").textContent = `${clock(now())} / ${clock(DATA.duration)}`;
    $("ruler").setAttribute("aria-valuenow", state.time.toFixed(1));
    $("ruler").setAttribute("aria-valuetext", clock(state.time));
    movePlotLine();
    markFaces();
  });
}

function layOut() {
  $("timeline").style.setProperty("--view", `${$("timeline").clientWidth}px`);
  refresh();
}

function redraw() {
  events.forEach((event) => drawCard(event));
  if (plotted) drawCurves();
  drawFaces();
  layOut();
}

document.documentElement.style.setProperty("--aspect", DATA.aspect);
$("picture-figure").hidden = $("overlay-choice").hidden = !DATA.pictures.length;
$("ruler").style.height = `${STRIP + AXIS}px`;
buildLanes();
buildCards();
listenToTimeline();
listenToControls();
listenToFilters();
filter();
new ResizeObserver(layOut).observe($("timeline"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
new IntersectionObserver((entries, watcher) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  watcher.disconnect();
  startCurves();
}, { rootMargin: "600px" }).observe($("curves"));
