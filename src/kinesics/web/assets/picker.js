// Choosing a label by typing a part of it.
import { $, make } from "./tools.js";
import { t } from "./server.js";

const MOST = 60;

/** Ask for a label; null where the reader thinks better of it. */
export function pickLabel(labels, hue, current) {
  const dialog = $("picker"), text = $("picker-text"), list = $("picker-list");
  let choices = [], at = 0, chosen = null;
  const show = () => {
    const words = text.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    choices = labels.filter((label) => words.every((word) => label.toLowerCase().includes(word))).slice(0, MOST);
    const typed = text.value.trim().replace(/\s+/g, " ");
    if (typed && !labels.includes(typed)) choices.push(typed);
    at = Math.max(0, words.length ? 0 : choices.indexOf(current));
    draw();
  };
  const draw = () => {
    list.replaceChildren(...choices.map((label, i) => make("li", {
      id: `label-${i}`, role: "option", "aria-selected": String(i === at), className: labels.includes(label) ? "" : "new", style: { "--colour": hue(label) },
      textContent: labels.includes(label) ? label : t("picker.new", { label }), onclick: () => take(i),
    })));
    text.setAttribute("aria-activedescendant", `label-${at}`);
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const take = (i) => { chosen = choices[i] ?? null; dialog.close(); };
  text.value = "";
  text.oninput = show;
  text.onkeydown = (key) => {
    if (key.key === "ArrowDown" || key.key === "ArrowUp") {
      at = (at + (key.key === "ArrowDown" ? 1 : -1) + choices.length) % Math.max(1, choices.length);
      draw();
    } else if (key.key === "Enter") take(at);
    else return;
    key.preventDefault();
  };
  show();
  dialog.showModal();
  text.focus();
  return new Promise((resolve) => { dialog.addEventListener("close", () => resolve(chosen), { once: true }); });
}
