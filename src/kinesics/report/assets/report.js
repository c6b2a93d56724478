// The page itself: its timeline, controls and cards, and what is drawn when. The last of the scripts.

// ── the timeline ─────────────────────────────────────────────────────────────────────────────────────────────

const STRIP = DATA.frames.length ? 52 : 0, AXIS = 20;
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
      const loadedImage = image(frameAt(clamp(timeOf(x + tile / 2), 0, DATA.duration)), refresh);
      if (loadedImage) context.drawImage(loadedImage, x, 0, tile - 1, STRIP);
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
  const canvases = (DATA.frames.length ? ["frame", "skeleton"] : ["skeleton"]).map(() => make("canvas", { "aria-hidden": "true" }));
  const pick = make("button", { className: "pick", textContent: event.label, "aria-pressed": "false" });
  const watch = make("button", { textContent: "Play", "aria-label": `Play ${event.label} at ${clock(event.start)}`, onclick: (click) => { click.stopPropagation(); playEvent(event); } });
  const who = several ? `Person ${event.person} · ` : "";
  const also = event.guesses.map(([label, chance]) => `${label} ${percent(chance)}`).join(", ");
  const remarks = [event.by, also && `or: ${also}`].filter(Boolean).join("; ");
  const element = make("li", { className: "card", style: { "--colour": hue(event.label) }, onclick: () => select(event) },
    make("div", { className: "media" }, ...canvases),
    make("div", { className: "card-text" },
      make("div", { className: "card-line" }, pick, watch),
      make("div", { className: "card-line" }, make("span", { textContent: `${who}${clock(event.start)} – ${clock(event.end)}` }), make("span", { textContent: percent(event.score), title: "The model's confidence at its highest" })),
      make("div", { className: "meter" }, make("i", { style: { width: percent(event.score).replace(" ", "") } })),
      make("p", { className: "guesses", textContent: remarks })));
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
  if (!DATA.frames.length) return;
  const canvas = prepare(card.canvases[0]);
  if (canvas) drawFrame(canvas.context, frameAt(time), view(canvas, card.box), () => drawCard(event, time));
}

/** The way that each wrist takes during the event. */
function drawTrails(context, one, event, at) {
  DATA.wrists.forEach((wrist, i) => {
    context.beginPath();
    let drawn = false; // a gap in the track stays a gap
    for (let time = event.start; time <= event.end; time += 1 / DATA.motion_rate) {
      const pose = poseAt(one, time), known = !Number.isNaN(pose[2 * wrist]);
      if (known) context[drawn ? "lineTo" : "moveTo"](at.x(pose[2 * wrist]), at.y(pose[2 * wrist + 1]));
      drawn = known;
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
  if (plotted) drawCharts();
  drawFaces();
  layOut();
}

document.documentElement.style.setProperty("--aspect", DATA.aspect);
$("frame-figure").hidden = $("overlay-choice").hidden = !DATA.frames.length;
$("ruler").style.height = `${STRIP + AXIS}px`;
buildLanes();
buildCards();
listenToTimeline();
listenToControls();
listenToFilters();
filter();
new ResizeObserver(layOut).observe($("timeline"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
const nearCharts = new IntersectionObserver((entries, watcher) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  watcher.disconnect();
  startCharts();
}, { rootMargin: "600px" });
for (const id of ["action-curves", "curves"]) if ($(id)) nearCharts.observe($(id));
buildFaces();
