// Skeletons and images of the video, on the stage and on the cards.

// ── skeletons and images ───────────────────────────────────────────────────────────────────────────────────

const size = 2 * DATA.joints;
const people = DATA.people.map((one) => ({ person: one.person, motion: unpackPoints(one.motion, DATA), onFrames: unpackPoints(one.on_frames, DATA) }));

const poseAt = (one, time) => poseBetween(one.motion, DATA, time * DATA.motion_rate);
const poseOnFrame = (one, k) => one.onFrames.subarray(k * size, (k + 1) * size);

function frameAt(time, from = 0, to = DATA.frames.length - 1) {
  let low = from, high = to;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (DATA.frames[middle].time <= time) low = middle; else high = middle;
  }
  return time - DATA.frames[low].time <= DATA.frames[high].time - time ? low : high;
}

const loaded = new Map();
/** The image if it has been decoded; else it is drawn as soon as it has, by `again`. */
function image(k, again) {
  if (!loaded.has(k)) {
    const element = new Image();
    element.src = DATA.frames[k].uri;
    loaded.set(k, element);
  }
  const element = loaded.get(k);
  if (element.complete) return element;
  element.addEventListener("load", again, { once: true });
  return null;
}

/** Where a box of the image lands on a canvas: as large as possible, in the middle. */
const view = (canvas, box) => fit(canvas, box, DATA.aspect);

/** The box grown by a margin; square where asked, and then inside the image if there is one. */
function framed([left, top, right, bottom], margin, square = false) {
  let width = (right - left) * DATA.aspect * (1 + margin), height = (bottom - top) * (1 + margin);
  if (square) width = height = Math.max(width, height, 0.25);
  if (square && DATA.frames.length) width = height = Math.min(width, 1, DATA.aspect);
  const inside = (middle, half) => (square && DATA.frames.length ? clamp(middle, half, 1 - half) : middle);
  const x = inside((left + right) / 2, width / DATA.aspect / 2), y = inside((top + bottom) / 2, height / 2);
  return [x - width / DATA.aspect / 2, y - height / 2, x + width / DATA.aspect / 2, y + height / 2];
}

function drawPose(context, pose, at, width, edge) {
  const hues = edge ? DATA.colours : { left: colourOf("--left"), right: colourOf("--right"), middle: colourOf("--middle") };
  drawSkeleton(context, pose, at, { width, edge, hues, facts: DATA });
}

function drawFrame(context, k, at, again) {
  const loadedImage = image(k, again);
  if (loadedImage) context.drawImage(loadedImage, at.x(0), at.y(0), at.x(1) - at.x(0), at.y(1) - at.y(0));
}

// ── the stage ────────────────────────────────────────────────────────────────────────────────────────────────

const wholeBox = framed(DATA.box, 0.15);

function drawStage() {
  const time = now();
  if (DATA.frames.length) drawStageFrame(frameAt(time), time);
  const canvas = prepare($("skeleton"));
  if (canvas) {
    const at = view(canvas, wholeBox);
    for (const one of people) drawPose(canvas.context, poseAt(one, time), at, clamp(canvas.height / 70, 3, 6), false);
  }
}

function drawStageFrame(k, time) {
  const canvas = prepare($("frame"));
  if (!canvas) return;
  const at = view(canvas, [0, 0, 1, 1]);
  drawFrame(canvas.context, k, at, refresh);
  if ($("overlay").checked) for (const one of people) drawPose(canvas.context, poseOnFrame(one, k), at, clamp(canvas.height / 130, 2, 4), true);
  const away = Math.abs(DATA.frames[k].time - time);
  $("frame-caption").textContent = away > 0.5 ? `image from ${clock(DATA.frames[k].time)}` : "";
}

function describeNow() {
  const time = now();
  const current = events.filter((event) => shown(event) && event.start <= time && time < event.end);
  const words = current.map((event) => `${several ? `Person ${event.person}: ` : ""}${event.label}, ${percent(event.score)}`);
  if ($("now").dataset.words === words.join("|")) return;
  $("now").dataset.words = words.join("|");
  $("now").replaceChildren(...current.map((event, i) => make("span", { className: "tag", textContent: words[i], style: { "--colour": hue(event.label) } })));
}
