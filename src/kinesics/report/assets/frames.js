// Skeletons and images of the video, on the stage and on the cards.

// ── skeletons and images ───────────────────────────────────────────────────────────────────────────────────

/** Base64 of uint16 pairs to positions; 0 is a missing joint and becomes NaN. */
function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const span = 1 + 2 * DATA.reach;
  return Float32Array.from(new Uint16Array(bytes.buffer), (value) => (value ? ((value - 1) / 65534) * span - DATA.reach : NaN));
}

const size = 2 * DATA.joints;
const people = DATA.people.map((one) => ({ person: one.person, motion: unpack(one.motion), onFrames: unpack(one.on_frames) }));

/** The joints at a time, between two kept skeletons where both are known. */
function poseAt(one, time) {
  const steps = one.motion.length / size;
  const position = clamp(time * DATA.motion_rate, 0, steps - 1);
  const first = Math.floor(position), share = position - first;
  const a = one.motion.subarray(first * size, (first + 1) * size);
  const b = first + 1 < steps ? one.motion.subarray((first + 1) * size, (first + 2) * size) : a;
  return a.map((value, i) => (Number.isNaN(b[i]) ? value : value * (1 - share) + b[i] * share));
}

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

/** Where a box of the image lands on a canvas: as large as possible, in the middle. */
function view({ width, height }, [left, top, right, bottom]) {
  const scale = Math.min(width / ((right - left) * DATA.aspect), height / (bottom - top));
  return {
    scale,
    x: (value) => width / 2 + (value - (left + right) / 2) * scale * DATA.aspect,
    y: (value) => height / 2 + (value - (top + bottom) / 2) * scale,
  };
}

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
  const point = (joint) => [at.x(pose[2 * joint]), at.y(pose[2 * joint + 1])];
  const isKnown = (joint) => !Number.isNaN(pose[2 * joint]);
  const paths = DATA.strokes.map((stroke) => {
    const path = new Path2D();
    const corners = stroke.joints.filter(isKnown).map(point);
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
  for (const [joint, share] of DATA.dots.filter(([joint]) => isKnown(joint))) {
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
