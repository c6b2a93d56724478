// Skeletons: how they are unpacked, and drawn on a canvas. `facts` are those of `page_data.drawing_facts`.

/** Base64 of uint16 pairs to positions; 0 is a missing joint and becomes NaN. */
export function unpackPoints(text, { reach }) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const span = 1 + 2 * reach;
  return Float32Array.from(new Uint16Array(bytes.buffer), (value) => (value ? ((value - 1) / 65534) * span - reach : NaN));
}

/** The joints at a position between two kept skeletons, where both are known. */
export function poseBetween(motion, { joints }, position) {
  const size = 2 * joints, steps = motion.length / size;
  const place = Math.min(steps - 1, Math.max(0, position));
  const first = Math.floor(place), share = place - first;
  const a = motion.subarray(first * size, (first + 1) * size);
  const b = first + 1 < steps ? motion.subarray((first + 1) * size, (first + 2) * size) : a;
  return a.map((value, i) => (Number.isNaN(b[i]) ? value : value * (1 - share) + b[i] * share));
}

/** A canvas ready to draw on in CSS pixels, or null while it is not laid out. */
export function prepare(canvas) {
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
export function fit({ width, height }, [left, top, right, bottom], aspect) {
  const scale = Math.min(width / ((right - left) * aspect), height / (bottom - top));
  return {
    scale,
    x: (value) => width / 2 + (value - (left + right) / 2) * scale * aspect,
    y: (value) => height / 2 + (value - (top + bottom) / 2) * scale,
  };
}

/** One pose; `hues` by side of the person, an edge around it where it lies on an image. */
export function drawSkeleton(context, pose, at, { width, edge, hues, facts }) {
  const point = (joint) => [at.x(pose[2 * joint]), at.y(pose[2 * joint + 1])];
  const isKnown = (joint) => !Number.isNaN(pose[2 * joint]);
  const paths = facts.strokes.map((stroke) => {
    const path = new Path2D();
    const corners = stroke.joints.filter(isKnown).map(point);
    if (stroke.closed && corners.length > 2) ring(path, corners);
    else corners.forEach((corner, i) => (i ? path.lineTo(...corner) : path.moveTo(...corner)));
    return path;
  });
  context.lineCap = context.lineJoin = "round";
  if (edge) {
    context.strokeStyle = "rgb(0 0 0 / 45%)";
    facts.strokes.forEach((stroke, i) => {
      context.lineWidth = width * stroke.width + 2;
      context.stroke(paths[i]);
    });
  }
  facts.strokes.forEach((stroke, i) => {
    context.strokeStyle = hues[stroke.side];
    context.lineWidth = width * stroke.width;
    context.stroke(paths[i]);
  });
  context.fillStyle = hues.middle;
  const [left, right] = facts.eyes.map(point);
  const dot = edge ? width * 0.5 : Math.max(width * 0.4, 0.045 * (Math.hypot(left[0] - right[0], left[1] - right[1]) || 0));
  for (const [joint, share] of facts.dots.filter(([joint]) => isKnown(joint))) {
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
