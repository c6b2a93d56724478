// The keyboard: one table of keys, from which the help sheet is made as well.
import { $, make } from "./tools.js";
import { t } from "./server.js";

/** [keys as `KeyboardEvent` names them, what the sheet shows, the action's name] */
const TABLE = [
  [["j", "ArrowDown"], "J ↓", "next"],
  [["k", "ArrowUp"], "K ↑", "previous"],
  [["u"], "U", "uncertain"],
  [["a", "Enter"], "A ⏎", "accept"],
  [["x", "Delete"], "X Del", "reject"],
  [["l"], "L", "relabel"],
  [["["], "[", "start"],
  [["]"], "]", "end"],
  [["s"], "S", "split"],
  [["m"], "M", "merge"],
  [["n"], "N", "add"],
  [["d"], "D", "remove"],
  [["c"], "C", "note"],
  [["p"], "P", "play"],
  [[" "], "Space", "toggle"],
  [["ArrowLeft"], "←", "back"],
  [["ArrowRight"], "→", "forward"],
  [["shift+ArrowLeft"], "⇧ ←", "secondBack"],
  [["shift+ArrowRight"], "⇧ →", "secondForward"],
  [["+", "="], "+", "closer"],
  [["-"], "−", "farther"],
  [["z", "ctrl+z"], "Z, Ctrl Z", "undo"],
  [["shift+Z", "ctrl+shift+Z", "ctrl+y"], "⇧ Z", "redo"],
  [["?"], "?", "help"],
];

/** Let the keys do what `actions` hold, but not while somebody types. */
export function listenToKeys(actions) {
  const byKey = new Map(TABLE.flatMap(([keys, , name]) => keys.map((key) => [key, name])));
  document.addEventListener("keydown", (key) => {
    if (document.querySelector("dialog[open]")) return;
    const typing = key.target.matches("input:not([type=checkbox]), select, textarea");
    if (typing) {
      if (key.key === "Escape" || (key.key === "Enter" && key.target.id === "note")) key.target.blur();
      return;
    }
    if (key.altKey || (key.target.matches("button, a, input, label") && [" ", "Enter"].includes(key.key))) return;
    const plain = key.key.length === 1 && !key.shiftKey ? key.key.toLowerCase() : key.key;
    const name = byKey.get(`${key.ctrlKey || key.metaKey ? "ctrl+" : ""}${key.shiftKey && (key.key.length > 1 || /[A-Z]/.test(key.key)) ? "shift+" : ""}${plain}`);
    if (!name) return;
    key.preventDefault();
    actions[name]();
  });
  $("keys").replaceChildren(...TABLE.flatMap(([, shown, name]) => [make("dt", {}, make("kbd", { textContent: shown })), make("dd", { textContent: t(`key.${name}`) })]));
  $("sheet-close").onclick = () => $("sheet").close();
}
