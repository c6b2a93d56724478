// What every page of Kinesics shares: colours, clocks, and elements that hold text and never markup.

export const PALETTE = ["#3b82c4", "#d97a1f", "#2f9e6e", "#b5539c", "#7a63c9", "#c2504d", "#1f9aa8", "#a3842a", "#d45c8b", "#6b8f2b", "#5573a8", "#96694c"];

export const $ = (id) => document.getElementById(id);
export const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
export const percent = (share) => `${Math.round(100 * share)} %`;
export const calm = matchMedia("(prefers-reduced-motion: reduce)");
export const hueAmong = (labels, label) => PALETTE[Math.max(0, labels.indexOf(label)) % PALETTE.length];

/** The labels of some events, the most frequent first. */
export function labelsOf(events) {
  const counts = new Map();
  for (const event of events) counts.set(event.label, (counts.get(event.label) ?? 0) + 1);
  return { counts, labels: [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a)) };
}

export function clock(seconds, digits = 1) {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = (Math.floor((seconds % 60) * 10 ** digits) / 10 ** digits).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return parts[0] ? `${parts[0]}:${String(parts[1]).padStart(2, "0")}:${rest}` : `${parts[1]}:${rest}`;
}

/** An element with properties, attributes (names with a dash, `role`, `for`) and children; text is never markup. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "style") for (const [key, setting] of Object.entries(value)) element.style.setProperty(key, setting);
    else if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}
