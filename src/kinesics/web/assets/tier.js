// A coder's tier: changed here at once, saved in order behind it, and loaded anew where another window was quicker.
import { ask, Refused, t, tell } from "./server.js";

const AGAIN = 1000; // milliseconds until a save is tried again

export class Tier extends EventTarget {
  constructor(data) {
    super();
    this.load(data);
    this.waiting = [];
    this.saving = false;
  }

  load({ marks, ...facts }) {
    this.marks = new Map(marks.map((mark) => [mark.uid, mark]));
    this.take(facts);
  }

  take(facts) {
    for (const key of ["id", "version", "blind", "done", "can_undo", "can_redo", "coder"]) if (key in facts) this[key] = facts[key];
  }

  /** All marks in order of time. */
  sorted() {
    this.order ??= [...this.marks.values()].sort((a, b) => a.start - b.start || a.end - b.end || (a.uid < b.uid ? -1 : 1));
    return this.order;
  }

  /** Change marks: `changes` are [{uid, after}], after is null for a mark that goes. */
  edit(kind, changes) {
    this.apply(changes);
    this.can_undo = true;
    this.can_redo = false;
    const sent = changes.map(({ uid, after }) => ({ uid, after: after && fieldsOf(after) }));
    this.save(() => ask(`/api/reviews/${this.id}/edits`, { version: this.version, kind, changes: sent }));
  }

  undo() { this.walk("undo", this.can_undo); }
  redo() { this.walk("redo", this.can_redo); }

  walk(way, possible) {
    if (!possible && !this.waiting.length) return tell(t(`review.nothing_to_${way}`));
    this.save(async () => {
      const answer = await ask(`/api/reviews/${this.id}/${way}`, { version: this.version });
      this.apply(answer.changes);
      this.dispatchEvent(new CustomEvent("walked", { detail: answer.changes.map(({ uid }) => uid) }));
      tell(t(`review.${way}ne`, { kind: t(`edit.${answer.kind}`) }));
      return answer;
    });
  }

  setDone(done) { this.save(() => ask(`/api/reviews/${this.id}/done`, { version: this.version, done })); }

  propose() {
    this.save(async () => {
      const answer = await ask(`/api/reviews/${this.id}/proposals`, { version: this.version });
      this.load(answer);
      this.changed(null);
      return {};
    });
  }

  apply(changes) {
    for (const { uid, after } of changes) {
      if (after) this.marks.set(uid, { ...after, uid });
      else this.marks.delete(uid);
    }
    this.changed(changes.map(({ uid }) => uid));
  }

  /** Tell who draws: these marks, or all where `uids` is null. */
  changed(uids) {
    this.order = null;
    this.dispatchEvent(new CustomEvent("change", { detail: uids }));
  }

  status(state) { this.dispatchEvent(new CustomEvent("saving", { detail: state })); }

  save(action) {
    this.waiting.push(action);
    if (!this.saving) this.work();
  }

  async work() {
    this.saving = true;
    while (this.waiting.length) {
      this.status("saving");
      try {
        const answer = await this.waiting[0]();
        this.waiting.shift();
        this.take(answer);
        this.status(this.waiting.length ? "saving" : "saved");
      } catch (error) {
        await this.recover(error);
      }
    }
    this.saving = false;
  }

  async recover(error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 0) { // the server is away: what waits, waits on
      this.status("unsaved");
      return void (await new Promise((resolve) => setTimeout(resolve, AGAIN)));
    }
    this.waiting = [];
    this.status("unsaved");
    tell(error.message, { lasting: true });
    if (error.status !== 401) await this.reload();
  }

  async reload() {
    try {
      this.load(await ask(`/api/reviews/${this.id}`));
      this.changed(null);
      this.status("saved");
    } catch (error) {
      tell(error.message, { lasting: true });
    }
  }
}

const fieldsOf = ({ label, start, end, person, status, note, origin }) => ({ label, start, end, person, status, note, origin: origin ?? null });
