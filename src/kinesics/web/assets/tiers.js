// The tiers below the video: Kinesics, the coder's own, the others', on vis-timeline.
import { DataSet, moment, Timeline } from "./vendor/vis-timeline/vis-timeline.js";
import { $, clamp, clock, make } from "./tools.js";
import { t } from "./server.js";

const WIDEST = 600; // seconds in view at most: the strip above shows all of it
const FIRST = 60; // seconds in view at first
const ms = (seconds) => new Date(Math.round(seconds * 1000));

export class Tiers extends EventTarget {
  constructor({ recording, tier, proposals, others }, player, hue) {
    super();
    Object.assign(this, { tier, player, hue, fps: player.fps, duration: player.duration || 1 });
    this.items = new DataSet();
    this.groups = new DataSet();
    this.showGroups(proposals, others);
    this.items.add(tier.sorted().map((mark) => this.itemOf(mark)));
    this.timeline = new Timeline($("timeline"), this.items, this.groups, this.options());
    this.timeline.addCustomTime(ms(0), "playhead");
    this.listen();
    this.recording = recording;
  }

  options() {
    const end = this.duration * 1000, view = Math.min(FIRST, this.duration) * 1000;
    return {
      start: 0, end: view, min: -0.02 * view, max: end + 0.02 * view,
      zoomMin: 500, zoomMax: Math.min(WIDEST * 1000, end * 1.05 + 500),
      moment: (date) => moment(date).utc(),
      format: { minorLabels: (date, scale) => clock(date.valueOf() / 1000, scale === "millisecond" ? 2 : 0), majorLabels: () => "" },
      showMajorLabels: false, showCurrentTime: false, stack: true, orientation: "top",
      margin: { item: { horizontal: 0, vertical: 3 }, axis: 4 },
      editable: { updateTime: true, overrideItems: false }, selectable: true, multiselect: false,
      horizontalScroll: true, zoomKey: "ctrlKey", verticalScroll: false, maxHeight: "34vh",
      groupOrder: "order", tooltip: { followMouse: true, delay: 300 }, dataAttributes: ["uid"],
      snap: (date) => ms(Math.round((date.valueOf() / 1000) * this.fps) / this.fps),
      template: (item) => make("span", { textContent: item.words }),
      onMove: (item, done) => { done(null); this.moved(item); },
      onMoving: (item, done) => { this.player.seek(clamp((item.edge === "end" ? item.end : item.start) / 1000, 0, this.duration)); done(item); },
    };
  }

  showGroups(proposals, others) {
    this.groups.clear();
    this.groups.add({ id: "own", content: this.tier.coder.name, order: 0, className: "own" });
    if (proposals.length) this.groups.add({ id: "kinesics", content: "Kinesics", order: 1 });
    others.forEach((other, i) => this.groups.add({ id: `other${other.id}`, content: other.coder.name, order: 2 + i }));
    this.items.add(proposals.map((event, i) => this.fixed(`kinesics:${i}`, "kinesics", event)));
    for (const other of others) {
      const marks = other.marks.filter((mark) => mark.status === "accepted");
      this.items.add(marks.map((mark) => this.fixed(`other${other.id}:${mark.uid}`, `other${other.id}`, mark)));
    }
  }

  fixed(id, group, event) {
    return { id, group, start: ms(event.start), end: ms(event.end), words: event.label, title: this.titleOf(event), editable: false, selectable: false, className: "fixed", style: `--colour: ${this.hue(event.label)}` };
  }

  itemOf(mark) {
    const words = { open: "? ", accepted: "", rejected: "✕ " }[mark.status] + mark.label;
    return { id: mark.uid, uid: mark.uid, group: "own", start: ms(mark.start), end: ms(mark.end), words, title: this.titleOf(mark), className: `mark ${mark.status}`, style: `--colour: ${this.hue(mark.label)}` };
  }

  /** As an element: what somebody wrote is never markup. */
  titleOf(event) {
    const lines = [event.label, `${clock(event.start, 2)} – ${clock(event.end, 2)}`, event.note ?? ""].filter(Boolean);
    return make("span", {}, ...lines.flatMap((line, i) => (i ? [make("br"), line] : [line])));
  }

  listen() {
    this.timeline.on("select", ({ items }) => { if (items.length) this.dispatchEvent(new CustomEvent("choose", { detail: items[0] })); });
    this.timeline.on("click", ({ time, item, what }) => { if (!item && time && what !== "group-label") this.player.seek(time.valueOf() / 1000); });
    this.timeline.on("rangechange", ({ start, end }) => this.dispatchEvent(new CustomEvent("range", { detail: [start / 1000, end / 1000] })));
  }

  moved(item) {
    const start = clamp(item.start / 1000, 0, this.duration), end = clamp(item.end / 1000, 0, this.duration);
    if (end - start >= 0.5 / this.fps) this.dispatchEvent(new CustomEvent("moved", { detail: { uid: item.id, start, end } }));
  }

  /** Some marks, or all where `uids` is null, are as the tier has them now. */
  update(uids) {
    const marks = this.tier.marks;
    const own = uids ?? [...new Set([...marks.keys(), ...this.items.getIds({ filter: (item) => item.group === "own" })])];
    this.items.update(own.filter((uid) => marks.has(uid)).map((uid) => this.itemOf(marks.get(uid))));
    this.items.remove(own.filter((uid) => !marks.has(uid)));
  }

  select(uid) { this.timeline.setSelection(uid && this.tier.marks.has(uid) ? [uid] : []); }

  range() {
    const { start, end } = this.timeline.getWindow();
    return [start / 1000, end / 1000];
  }

  /** The playhead; the view follows it. */
  follow(time) {
    this.timeline.setCustomTime(ms(time), "playhead");
    const [start, end] = this.range();
    if (time < start || time > end) this.timeline.moveTo(ms(time + (end - start) * 0.3), { animation: false });
  }

  zoom(factor) {
    const [start, end] = this.range(), half = ((end - start) * factor) / 2;
    const middle = this.player.time >= start && this.player.time <= end ? this.player.time : (start + end) / 2;
    this.timeline.setWindow(ms(middle - half), ms(middle + half), { animation: false });
  }

  show(start, end) { this.timeline.setWindow(ms(start), ms(end), { animation: false }); }
}

export const tierNames = ({ proposals, others }) => [...(proposals.length ? [{ id: "kinesics", name: t("tier.kinesics") }] : []), ...others.map((other) => ({ id: other.id, name: other.coder.name }))];
