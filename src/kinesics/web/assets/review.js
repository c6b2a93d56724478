// The review: a recording with its tiers, corrected by keyboard above all.
import { $, clamp, clock, hueAmong, labelsOf, percent } from "./tools.js";
import { ask, complain, follow, t, tell, whoIsThere } from "./server.js";
import { listenToExchange } from "./exchange.js";
import { EventList } from "./list.js";
import { listenToKeys } from "./keys.js";
import { Overlay } from "./overlay.js";
import { Overview } from "./overview.js";
import { pickLabel } from "./picker.js";
import { Player } from "./player.js";
import { Tier } from "./tier.js";
import { Tiers } from "./tiers.js";

const NEW = 1; // seconds of an event that is added
const asked = new URLSearchParams(location.search);

async function begin() {
  const recording = Number(asked.get("recording"));
  const coder = await whoIsThere();
  const content = await ask(`/api/recordings/${recording}/reviews`, { coder: coder.id, blind: coder.blind });
  new Review(content, coder);
}

class Review {
  constructor(content, coder) {
    const { recording, tier, labels } = content;
    Object.assign(this, { content, coder, recording, labels, selected: null });
    this.hues = labelsOf([...tier.marks, ...content.proposals]).labels; // the frequent ones differ
    this.hue = (label) => hueAmong(this.hues, label);
    this.tier = new Tier(tier);
    this.player = new Player(recording);
    this.tiers = new Tiers({ ...content, tier: this.tier }, this.player, this.hue);
    this.overview = new Overview(recording, this.tier, this.tiers, this.player, this.hue);
    this.list = new EventList(this.tier, this.hue);
    this.overlay = new Overlay(recording, this.player);
    this.listen();
    listenToKeys(this.actions());
    listenToExchange(this);
    $("name").textContent = recording.name;
    document.title = `${recording.name} · Kinesics`;
    this.showTier();
    const at = Number(asked.get("at")), first = this.tier.sorted().find((mark) => mark.status === "open");
    if (asked.has("at") && Number.isFinite(at)) this.goTo(at);
    else if (first) this.choose(first.uid);
    document.body.dataset.ready = "yes";
  }

  listen() {
    this.tier.addEventListener("change", ({ detail }) => this.redraw(detail));
    this.tier.addEventListener("walked", ({ detail }) => this.choose(detail.find((uid) => this.tier.marks.has(uid)) ?? null));
    this.tier.addEventListener("saving", ({ detail }) => {
      $("saved").textContent = t(`saving.${detail}`);
      $("saved").dataset.state = detail;
      this.showTier();
    });
    for (const place of [this.tiers, this.list]) place.addEventListener("choose", ({ detail }) => this.choose(detail));
    this.tiers.addEventListener("moved", ({ detail: { uid, start, end } }) => this.change("move", uid, { start, end }));
    this.tiers.addEventListener("range", () => this.overview.draw());
    this.player.addEventListener("move", () => this.moved());
    this.player.addEventListener("frame", () => this.overlay.draw());
    this.player.addEventListener("ready", () => this.overlay.draw());
    const actions = this.actions();
    for (const id of ["undo", "redo", "previous", "next", "back", "forward", "accept", "reject", "help"]) $(id).onclick = () => actions[id]();
    $("play").onclick = () => actions.toggle();
    $("label").onclick = () => actions.relabel();
    $("detail").onsubmit = (event) => event.preventDefault();
    $("note").onchange = () => this.change("note", this.selected, { note: $("note").value });
    $("person").onchange = () => this.change("person", this.selected, { person: clamp(Math.round(Number($("person").value)) || 0, 0, 99) });
    $("propose").onclick = () => this.tier.propose();
    $("done").onclick = () => this.toggleDone();
    $("agree").onclick = () => this.openAgreed().catch(complain);
    $("coder").onclick = async () => { await whoIsThere({ anew: true }); location.search = `?recording=${this.recording.id}`; };
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.overview.redraw());
    follow(({ reviews }) => {
      const there = reviews[this.tier.id];
      if (there !== undefined && there > this.tier.version && !this.tier.saving) {
        this.tier.reload().then(() => tell(t("review.other_window")));
      }
    });
  }

  actions() {
    const { player, tiers } = this;
    return {
      next: () => this.chooseBeside(1), previous: () => this.chooseBeside(-1), uncertain: () => this.chooseUncertain(),
      accept: () => this.judge("accepted"), reject: () => this.judge("rejected"), relabel: () => this.relabel(),
      start: () => this.moveEdge("start"), end: () => this.moveEdge("end"), split: () => this.split(), merge: () => this.merge(),
      add: () => this.add(), remove: () => this.remove(), note: () => { if (this.mark) $("note").focus(); },
      play: () => { if (this.mark) player.play(this.mark.start, this.mark.end); }, toggle: () => player.toggle(),
      back: () => player.step(-1), forward: () => player.step(1),
      secondBack: () => player.seek(player.time - 1), secondForward: () => player.seek(player.time + 1),
      closer: () => tiers.zoom(0.5), farther: () => tiers.zoom(2),
      undo: () => this.tier.undo(), redo: () => this.tier.redo(), help: () => $("sheet").showModal(),
    };
  }

  // ── what is chosen ─────────────────────────────────────────────────────────────────────────────────────────

  get mark() { return this.tier.marks.get(this.selected); }

  choose(uid) {
    this.selected = uid;
    this.showDetail(); // which takes room from the list
    this.list.select(uid);
    this.tiers.select(uid);
    if (!this.mark) return;
    this.player.pause();
    this.goTo(this.mark.start);
    const [start, end] = this.tiers.range();
    if (this.mark.end > end || this.mark.start < start) this.tiers.show(this.mark.start - (end - start) * 0.4, this.mark.start + (end - start) * 0.6);
  }

  goTo(time) { this.player.seek(Math.round(time * this.player.fps) / this.player.fps); }

  chooseBeside(way) {
    const rows = this.list.rows, at = rows.findIndex((mark) => mark.uid === this.selected);
    const after = rows.findIndex((mark) => mark.start > this.player.time);
    const place = at >= 0 ? at + way : way > 0 ? after : (after < 0 ? rows.length : after) - 1;
    if (rows[place]) this.choose(rows[place].uid);
    else tell(t(way > 0 ? "review.last" : "review.first"));
  }

  /** The open one that Kinesics was least confident of. */
  chooseUncertain() {
    const open = this.tier.sorted().filter((mark) => mark.status === "open" && mark.uid !== this.selected);
    const least = open.reduce((best, mark) => (!best || (mark.origin?.score ?? 0) < (best.origin?.score ?? 0) ? mark : best), null);
    if (least) this.choose(least.uid);
    else tell(t("review.none_open"));
  }

  // ── edits ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Change some fields of a mark; whoever mends a proposal accepts it. */
  change(kind, uid, fields) {
    const mark = this.tier.marks.get(uid);
    if (!mark) return;
    const status = fields.status ?? (kind === "note" || mark.status === "rejected" ? mark.status : "accepted");
    this.tier.edit(kind, [{ uid, after: { ...mark, status, ...fields } }]);
  }

  judge(status) {
    if (!this.mark) return;
    const { uid } = this.mark, rows = this.tier.sorted();
    const place = rows.findIndex((mark) => mark.uid === uid);
    this.change(status === "accepted" ? "accept" : "reject", uid, { status });
    const following = [...rows.slice(place + 1), ...rows.slice(0, place)].find((mark) => mark.status === "open" && mark.uid !== uid);
    if (following) this.choose(following.uid);
    else { this.choose(uid); tell(t("review.none_open")); }
  }

  async relabel() {
    if (!this.mark) return;
    const { uid } = this.mark, label = await pickLabel(this.labels, this.hue, this.mark.label);
    if (label) { this.learn(label); this.change("relabel", uid, { label }); }
  }

  moveEdge(edge) {
    const { mark } = this, time = this.player.frame / this.player.fps;
    if (!mark) return;
    const after = { ...mark, [edge]: clamp(time, 0, this.player.duration) };
    if (after.start >= after.end) return tell(t("review.edges"), { lasting: true });
    this.change("move", mark.uid, { [edge]: after[edge] });
  }

  split() {
    const { mark } = this, time = this.player.frame / this.player.fps;
    if (!mark || time <= mark.start || time >= mark.end) return tell(t("review.split_inside"));
    this.tier.edit("split", [
      { uid: mark.uid, after: { ...mark, end: time, status: "accepted" } },
      { uid: crypto.randomUUID(), after: { ...mark, start: time, status: "accepted", origin: null } },
    ]);
  }

  merge() {
    const { mark } = this;
    if (!mark) return;
    const rows = this.tier.sorted();
    const next = rows.slice(rows.indexOf(mark) + 1).find((other) => other.label === mark.label && other.person === mark.person && other.status !== "rejected");
    if (!next) return tell(t("review.nothing_to_merge"));
    const note = [mark.note, next.note].filter(Boolean).join("; ").slice(0, 2000);
    this.tier.edit("merge", [{ uid: mark.uid, after: { ...mark, end: Math.max(mark.end, next.end), status: "accepted", note } }, { uid: next.uid, after: null }]);
  }

  async add() {
    this.player.pause();
    const start = this.player.frame / this.player.fps, end = Math.min(start + NEW, this.player.duration || start + NEW);
    if (end - start < 0.5 / this.player.fps) return tell(t("review.no_room"));
    const label = await pickLabel(this.labels, this.hue, null);
    if (!label) return;
    this.learn(label);
    const uid = crypto.randomUUID();
    this.tier.edit("add", [{ uid, after: { label, start, end, person: this.mark?.person ?? 1, status: "accepted", note: "", origin: null } }]);
    this.choose(uid);
  }

  /** One's own event goes; a proposal is rejected, so that it is remembered as wrong. */
  remove() {
    if (!this.mark) return;
    if (this.mark.origin) return this.judge("rejected");
    this.tier.edit("remove", [{ uid: this.mark.uid, after: null }]);
    this.choose(null);
  }

  learn(label) {
    for (const list of [this.labels, this.hues]) if (!list.includes(label)) list.push(label);
  }

  async toggleDone() {
    const open = [...this.tier.marks.values()].filter((mark) => mark.status === "open").length;
    if (!this.tier.done && open) tell(t("review.open_left", { count: open }), { lasting: true });
    const hidden = this.tier.blind;
    this.tier.setDone(!this.tier.done);
    if (hidden) this.tier.addEventListener("saving", ({ detail }) => { if (detail === "saved") location.reload(); });
  }

  /** The coders' common tier, which is made when it is first asked for. */
  async openAgreed() {
    const { coder } = await ask(`/api/recordings/${this.recording.id}/agreed`, {});
    location.search = `?recording=${this.recording.id}&coder=${coder}`;
  }

  // ── what is shown ──────────────────────────────────────────────────────────────────────────────────────────

  redraw(uids) {
    if (this.selected && !this.mark) this.selected = null;
    this.tiers.update(uids);
    this.list.refresh();
    this.overview.redraw();
    this.tiers.select(this.selected);
    this.showDetail();
    this.moved();
  }

  moved() {
    const { time } = this.player;
    this.tiers.follow(time);
    this.overview.draw();
    this.overlay.draw();
    const current = this.tier.sorted().filter((mark) => mark.status !== "rejected" && mark.start <= time && time < mark.end);
    this.overlay.name(current.map((mark) => ({ label: mark.label, colour: this.hue(mark.label) })));
  }

  showDetail() {
    const { mark } = this;
    $("detail").hidden = !mark;
    if (!mark) return;
    $("label").textContent = mark.label;
    $("label").style.setProperty("--colour", this.hue(mark.label));
    $("start").textContent = clock(mark.start, 2);
    $("end").textContent = clock(mark.end, 2);
    $("person").value = mark.person;
    if (document.activeElement !== $("note")) $("note").value = mark.note;
    $("accept").setAttribute("aria-pressed", String(mark.status === "accepted"));
    $("reject").setAttribute("aria-pressed", String(mark.status === "rejected"));
    const { origin } = mark;
    $("origin").textContent = origin ? t("review.origin", { label: origin.label, start: clock(origin.start, 2), end: clock(origin.end, 2), score: percent(origin.score) }) : t("review.own_long");
  }

  showTier() {
    const { tier } = this;
    $("undo").disabled = !tier.can_undo;
    $("redo").disabled = !tier.can_redo;
    $("done").textContent = t(tier.done ? "review.reopen" : "review.finish");
    $("agree").hidden = !tier.done;
    $("coder").hidden = false;
    $("coder").textContent = tier.blind && !tier.done ? t("who.blind_chip", { name: tier.coder.name }) : tier.coder.name;
    const fresh = this.content.proposals.length && ![...tier.marks.values()].some((mark) => mark.origin);
    $("propose").hidden = !fresh || tier.done;
  }
}

begin().catch(complain);
