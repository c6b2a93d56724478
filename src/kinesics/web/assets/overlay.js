// What is drawn over the video: skeletons, facial actions, and the names of what happens.
import { $, clamp, make } from "./tools.js";
import { drawSkeleton, fit, poseBetween, prepare, unpackPoints } from "./skeleton.js";
import { ask } from "./server.js";

const PART = 60; // seconds of movement that are asked for at once
const KEPT = 6; // parts in memory

export class Overlay {
  constructor(recording, player) {
    Object.assign(this, { recording, player, parts: new Map(), faces: null, asked: false });
    this.aspect = recording.width && recording.height ? recording.width / recording.height : 16 / 9;
    $("show-skeleton").onchange = () => this.draw();
    $("show-face").onchange = () => this.draw();
    new ResizeObserver(() => this.draw()).observe($("stage"));
  }

  /** The skeletons of a part of the recording, once they are there. */
  part(number) {
    const known = this.parts.get(number);
    if (known) return known.content;
    if (!this.recording.analysed && this.recording.video) return null;
    while (this.parts.size >= KEPT) this.parts.delete(this.parts.keys().next().value);
    const entry = { content: null };
    this.parts.set(number, entry);
    ask(`/api/recordings/${this.recording.id}/movement?start=${number * PART}&end=${(number + 1) * PART}`).then((content) => {
      entry.content = { ...content, people: content.people.map((one) => ({ ...one, motion: unpackPoints(one.motion, content) })) };
      if (content.aspect) this.aspect = content.aspect;
      this.draw();
    }).catch(() => {}); // without skeletons the video is still there
    return null;
  }

  draw() {
    const canvas = prepare($("overlay"));
    if (!canvas) return;
    const time = this.player.time;
    if ($("show-skeleton").checked) this.drawPeople(canvas, time);
    this.drawFace(time);
  }

  drawPeople(canvas, time) {
    const content = this.part(Math.floor(time / PART));
    if (!content) return;
    if (time % PART > PART - 5) this.part(Math.floor(time / PART) + 1);
    const at = fit(canvas, [0, 0, 1, 1], this.aspect);
    for (const one of content.people) {
      if (!one.motion.length) continue;
      const pose = poseBetween(one.motion, content, (time - content.start) * content.motion_rate);
      drawSkeleton(canvas.context, pose, at, { width: clamp(canvas.height / 140, 1.5, 4), edge: true, hues: content.colours, facts: content });
    }
  }

  async drawFace(time) {
    const wanted = $("show-face").checked;
    $("face").hidden = !wanted;
    if (!wanted) return;
    if (!this.asked) {
      this.asked = true;
      this.faces = await ask(`/api/recordings/${this.recording.id}/face`).catch(() => []);
      this.bars = this.faces.map((face) => face.labels.map((label) => {
        const bar = make("i", {});
        return { bar, row: make("div", { className: "action" }, make("span", { textContent: label }), make("b", {}, bar)) };
      }));
      $("face").replaceChildren(...this.bars.flat().map(({ row }) => row));
    }
    this.faces?.forEach((face, i) => {
      const row = face.percent[Math.round((time - face.start) * face.rate)];
      this.bars[i].forEach(({ bar }, k) => { bar.style.width = `${row ? row[k] : 0}%`; });
    });
  }

  /** The names of what happens now. */
  name(events) {
    const words = events.map((event) => event.label).join("|");
    if ($("now").dataset.words === words) return;
    $("now").dataset.words = words;
    $("now").replaceChildren(...events.map((event) => make("li", { className: "tag", textContent: event.label, style: { "--colour": event.colour } })));
  }
}
