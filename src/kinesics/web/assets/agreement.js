// Agreement: who with whom, class by class, and where they disagree, each one click from its video.
import { $, clock, make } from "./tools.js";
import { ask, complain, t } from "./server.js";

const number = (value, digits = 2) => (value === null || value === undefined ? "–" : value.toFixed(digits));
const cell = (text, more = {}) => make("td", { className: "number", textContent: text, ...more });

/** A value with its interval, where there is one. */
function interval(one, digits = 2) {
  const known = one.low !== null && one.low !== undefined;
  return cell(number(one.value, digits) + (known ? ` (${number(one.low, digits)} – ${number(one.high, digits)})` : ""), { title: known ? t("agreement.interval") : t("agreement.one_recording") });
}

async function begin() {
  const coders = await ask("/api/agreement/coders");
  const chips = [...coders, { id: "kinesics", name: "Kinesics" }].map((one) => {
    const box = make("input", { type: "checkbox", value: one.id, checked: true, name: "coder" });
    const words = one.recordings ? t("agreement.coder", { name: one.name, count: one.recordings }) : one.name;
    return make("label", { className: "choice" }, box, words);
  });
  $("coders").replaceChildren(...chips);
  $("nobody").hidden = coders.length > 0;
  $("choice").hidden = !coders.length;
  $("choice").onsubmit = (event) => { event.preventDefault(); compare().catch(complain); };
  if (coders.length) await compare();
}

async function compare() {
  const chosen = [...document.querySelectorAll("[name=coder]:checked")].map((box) => box.value);
  const query = new URLSearchParams({ tolerance: $("tolerance").value, kinesics: chosen.includes("kinesics") });
  for (const id of chosen) if (id !== "kinesics") query.append("coders", id);
  $("result").replaceChildren(make("p", { className: "muted", textContent: t("agreement.working") }));
  try {
    const found = await ask(`/api/agreement?${query}`);
    $("result").replaceChildren(...draw(found));
  } catch (error) {
    $("result").replaceChildren(make("p", { className: "notice", textContent: error.message }));
  }
}

function draw(found) {
  const notes = [...found.notes, ...(found.hidden.length ? [t("agreement.hidden", { names: found.hidden.join(", ") })] : [])];
  return [
    ...notes.map((note) => make("p", { className: "notice", textContent: note })),
    alpha(found),
    ...found.pairs.map((pair) => pairTable(pair, found.rule)),
    disagreements(found),
  ];
}

function alpha({ coders, recordings, alpha: all, rule }) {
  const known = all.low !== null && all.low !== undefined;
  return make("section", { className: "panel" },
    make("h2", { textContent: t("agreement.all", { coders: coders.join(", ") }) }),
    make("p", { className: "figure" }, make("b", { textContent: number(all.value, 3) }), ` ${t("agreement.alpha", { unit: rule.unit, count: recordings.length })}`, known ? ` ${t("agreement.from_to", { low: number(all.low, 2), high: number(all.high, 2) })}` : ""));
}

function pairTable(pair, rule) {
  const overlaps = Object.keys(pair.overall.f1);
  const heads = ["class", "first", "second", "linked", "time", "tolerant", "event", ...overlaps.map((one) => `f1:${one}`), "onset", "offset"];
  const words = (head) => (head.startsWith("f1:") ? t("agreement.f1", { overlap: head.slice(3) }) : t(`agreement.${head}`, { first: pair.first, second: pair.second, tolerance: rule.tolerance }));
  const row = (name, one) => make("tr", { className: name === null ? "whole" : "" },
    make("th", { scope: "row", textContent: name ?? t("agreement.every") }), cell(one.first), cell(one.second), cell(one.linked),
    interval(one.time_kappa), interval(one.tolerant_kappa), interval(one.event_kappa), ...overlaps.map((overlap) => interval(one.f1[overlap])),
    cell(number(one.onset[0])), cell(number(one.offset[0])));
  const rows = Object.entries(pair.by_class).sort((a, b) => b[1].first + b[1].second - a[1].first - a[1].second);
  return make("section", { className: "panel" },
    make("h2", { textContent: t("agreement.pair", { first: pair.first, second: pair.second, count: pair.recordings }) }),
    make("div", { className: "scroll" }, make("table", { className: "figures" },
      make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col", textContent: words(head) })))),
      make("tbody", {}, row(null, pair.overall), ...rows.map(([name, one]) => row(name, one))))));
}

function disagreements({ disagreements: list, count }) {
  const rows = list.map((one) => make("tr", {},
    make("th", { scope: "row" }, make("a", { href: `/review?recording=${one.id}&at=${one.start}`, textContent: `${one.recording}, ${clock(one.start, 1)}` })),
    cell(`${(one.end - one.start).toFixed(1)} s`),
    make("td", { textContent: `${one.first}: ${one.first_label || t("agreement.nothing")}` }),
    make("td", { textContent: `${one.second}: ${one.second_label || t("agreement.nothing")}` })));
  return make("section", { className: "panel", id: "disagreements" },
    make("h2", { textContent: t("agreement.disagreements", { count }) }),
    make("p", { className: "muted", textContent: t("agreement.click") }),
    make("div", { className: "scroll tall" }, make("table", {}, make("tbody", {}, ...rows))));
}

begin().catch(complain);
