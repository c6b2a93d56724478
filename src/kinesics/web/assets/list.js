// The list of a tier's events; only the rows in view are there, so that thousands are quick.
import { $, clock, make, percent } from "./tools.js";
import { t } from "./server.js";

const ROW = 40; // pixels
const MORE = 10; // rows above and below those in view

export class EventList extends EventTarget {
  constructor(tier, hue) {
    super();
    Object.assign(this, { tier, hue, selected: null, rows: [] });
    $("list").addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe($("list"));
    $("show").onchange = () => this.refresh();
    $("list").addEventListener("click", (click) => {
      const row = click.target.closest("[data-uid]");
      if (row) this.dispatchEvent(new CustomEvent("choose", { detail: row.dataset.uid }));
    });
    this.refresh();
  }

  /** The tier has changed, or what is shown of it. */
  refresh() {
    const wanted = $("show").value, all = this.tier.sorted();
    this.rows = wanted === "all" ? all : all.filter((mark) => mark.status === wanted || mark.uid === this.selected);
    const judged = all.filter((mark) => mark.status !== "open").length;
    $("count").textContent = all.length ? t("review.count", { judged, all: all.length }) : t("review.no_events");
    $("progress").style.width = `${all.length ? (100 * judged) / all.length : 0}%`;
    $("list-space").style.height = `${this.rows.length * ROW}px`;
    this.draw();
  }

  draw() {
    const list = $("list");
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - MORE);
    const last = Math.min(this.rows.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + MORE);
    $("list-space").replaceChildren(...this.rows.slice(first, last).map((mark, i) => this.row(mark, first + i)));
    if (this.selected) list.setAttribute("aria-activedescendant", `row-${this.selected}`);
  }

  row(mark, place) {
    const score = mark.origin ? percent(mark.origin.score) : t("review.own");
    return make("div", {
      id: `row-${mark.uid}`, className: `row ${mark.status}`, role: "option", "aria-selected": String(mark.uid === this.selected), "aria-setsize": this.rows.length, "aria-posinset": place + 1,
      "data-uid": mark.uid, style: { top: `${place * ROW}px`, "--colour": this.hue(mark.label) },
    },
    make("span", { className: "sign", textContent: { open: "?", accepted: "✓", rejected: "✕" }[mark.status], "aria-label": t(`review.show.${mark.status}`) }),
    make("span", { className: "what", textContent: mark.label }),
    make("span", { className: "when", textContent: clock(mark.start, 1) }),
    make("span", { className: "score", textContent: mark.note ? `${score} ✎` : score }));
  }

  select(uid) {
    this.selected = uid;
    const place = this.rows.findIndex((mark) => mark.uid === uid), list = $("list");
    if (place >= 0) {
      const top = place * ROW;
      if (top < list.scrollTop + ROW) list.scrollTop = Math.max(0, top - ROW);
      else if (top + 2 * ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + 2 * ROW - list.clientHeight;
    }
    this.draw();
  }
}
