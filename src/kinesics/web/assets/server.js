// How a page talks to its server, and to its reader: requests, words, and one line of news.
import { $, make } from "./tools.js";

const texts = JSON.parse($("strings").textContent);

/** A text of the catalogue, with values in its places. */
export function t(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** A refusal: `message` in one line, `status` of HTTP, 0 where the server cannot be reached. */
export class Refused extends Error {
  constructor(message, status, key) {
    super(message);
    Object.assign(this, { status, key });
  }
}

export async function ask(path, content, method = content === undefined ? "GET" : "POST") {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: content === undefined || content instanceof Blob ? {} : { "Content-Type": "application/json" },
      body: content === undefined || content instanceof Blob ? content : JSON.stringify(content),
    });
  } catch {
    throw new Refused(t("unreachable"), 0, "unreachable");
  }
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw new Refused(said.message ?? t("unreachable"), answer.status, said.key);
  }
  return (answer.headers.get("content-type") ?? "").includes("json") ? answer.json() : answer;
}

let hiding;
/** One line that goes by itself; an alarming one stays longer. */
export function tell(text, { lasting = false } = {}) {
  clearTimeout(hiding);
  const toast = $("toast");
  toast.textContent = text;
  toast.hidden = !text;
  toast.classList.toggle("alarm", lasting);
  hiding = setTimeout(() => { toast.hidden = true; }, lasting ? 9000 : 3500);
}

/** What to do when something goes wrong that the reader should know. */
export const complain = (error) => tell(error.message, { lasting: true });

/** Call with what has changed on the server, as long as the page is looked at. */
export function follow(called) {
  let source = null;
  const listen = () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) {
      source = new EventSource("/api/changes");
      source.onmessage = (message) => called(JSON.parse(message.data));
    }
  };
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", () => source?.close());
  listen();
}

// ── who sits here ────────────────────────────────────────────────────────────────────────────────────────────

const KEY = "kinesics.coder";
export const remembered = () => JSON.parse(localStorage.getItem(KEY) ?? "null");

/** The coder who sits here: remembered, or asked for. {id, name, blind} */
export async function whoIsThere({ anew = false } = {}) {
  const coders = await ask("/api/coders");
  const wanted = Number(new URLSearchParams(location.search).get("coder"));
  const known = remembered();
  if (!anew) {
    const found = coders.find((one) => one.id === (wanted || known?.id));
    if (found) return { ...found, blind: found.id === known?.id && known.blind };
  }
  return askWho(coders.filter((one) => !one.agreed), known);
}

function askWho(coders, known) {
  const dialog = make("dialog", { className: "who", "aria-labelledby": "who-title" });
  const name = make("input", { id: "who-name", required: true, maxLength: 200, autocomplete: "off", value: known?.name ?? "" });
  const options = make("datalist", { id: "who-names" }, ...coders.map((one) => make("option", { value: one.name })));
  name.setAttribute("list", "who-names");
  const blind = make("input", { type: "checkbox", id: "who-blind", checked: known?.blind ?? false });
  const form = make("form", { method: "dialog" },
    make("h2", { id: "who-title", textContent: t("who.title") }),
    make("p", { className: "muted", textContent: t("who.lead") }),
    make("label", { htmlFor: "who-name" }, t("who.name"), name), options,
    make("label", {}, blind, t("who.blind")),
    make("button", { className: "primary", textContent: t("who.begin") }));
  dialog.append(form);
  document.body.append(dialog);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.showModal();
  name.focus();
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      try {
        const coder = { ...(await ask("/api/coders", { name: name.value })), blind: blind.checked };
        localStorage.setItem(KEY, JSON.stringify(coder));
        dialog.close();
        dialog.remove();
        resolve(coder);
      } catch (error) {
        complain(error);
      }
    };
  });
}

// the token in the address is in a cookie by now, and need not be seen
if (new URLSearchParams(location.search).has("token")) {
  const clean = new URL(location.href);
  clean.searchParams.delete("token");
  history.replaceState(null, "", clean);
}
