// The whole recording in one strip: how loud it is, where events lie, and which part is in view.
import { $, clamp, colourOf } from "./tools.js";
import { prepare } from "./skeleton.js";

const OPEN = 0.45; // how faint an event is that nobody has judged

export class Overview {
  constructor(recording, tier, tiers, player, hue) {
    Object.assign(this, { recording, tier, tiers, player, hue, duration: player.duration || 1, peaks: null, rate: 1, kept: null });
    this.loadWaveform();
    this.listen();
    new ResizeObserver(() => this.redraw()).observe($("overview"));
  }

  async loadWaveform() {
    if (!this.recording.video) return;
    const answer = await fetch(`/api/recordings/${this.recording.id}/waveform`).catch(() => null);
    if (!answer?.ok) return;
    this.peaks = new Uint8Array(await answer.arrayBuffer());
    this.rate = Number(answer.headers.get("X-Rate"));
    this.redraw();
  }

  listen() {
    const canvas = $("overview");
    let dragging = false;
    const go = (pointer) => {
      const box = canvas.getBoundingClientRect();
      this.player.seek(clamp((pointer.clientX - box.left) / box.width, 0, 1) * this.duration);
    };
    canvas.addEventListener("pointerdown", (pointer) => { dragging = true; canvas.setPointerCapture(pointer.pointerId); this.player.pause(); go(pointer); });
    canvas.addEventListener("pointermove", (pointer) => { if (dragging) go(pointer); });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { dragging = false; });
  }

  /** Draw all of it anew, after events have changed. */
  redraw() {
    this.kept = null;
    this.draw();
  }

  /** The view and the playhead over what has been drawn. */
  draw() {
    const canvas = prepare($("overview"));
    if (!canvas) return;
    const { context, width, height } = canvas;
    this.kept ??= this.paint(width, height);
    context.drawImage(this.kept, 0, 0, width, height);
    const x = (time) => (time / this.duration) * width;
    const [start, end] = this.tiers.range();
    context.fillStyle = context.strokeStyle = colourOf("--ink");
    context.globalAlpha = 0.1;
    context.fillRect(x(start), 0, Math.max(2, x(end) - x(start)), height);
    context.globalAlpha = 1;
    context.fillRect(x(this.player.time) - 1, 0, 2, height);
  }

  paint(width, height) {
    const dots = devicePixelRatio || 1, kept = new OffscreenCanvas(Math.round(width * dots), Math.round(height * dots));
    const context = kept.getContext("2d");
    context.scale(dots, dots);
    this.paintWaveform(context, width, height);
    const rows = { accepted: 0, open: 1, rejected: 2 }, tall = (height - 6) / 3;
    for (const mark of this.tier.sorted()) {
      context.globalAlpha = mark.status === "accepted" ? 1 : OPEN;
      context.fillStyle = mark.status === "rejected" ? colourOf("--muted") : this.hue(mark.label);
      const x = (mark.start / this.duration) * width;
      context.fillRect(x, 3 + rows[mark.status] * tall, Math.max(1.5, ((mark.end - mark.start) / this.duration) * width), tall - 2);
    }
    return kept;
  }

  paintWaveform(context, width, height) {
    if (!this.peaks?.length) return;
    context.fillStyle = colourOf("--line");
    const each = (this.duration * this.rate) / width;
    for (let x = 0; x < width; x++) {
      let loudest = 0;
      for (let i = Math.floor(x * each); i < Math.max((x + 1) * each, Math.floor(x * each) + 1) && i < this.peaks.length; i++) loudest = Math.max(loudest, this.peaks[i]);
      const tall = (loudest / 255) * height;
      context.fillRect(x, (height - tall) / 2, 1, tall);
    }
  }
}
