"use strict";
// What all scripts share. The page draws everything from one block of data: positions are 0..1 across the image, times
// in seconds. base.js, frames.js, plots.js and report.js are one script, in this order.

const DATA = JSON.parse(document.getElementById("data").textContent);
const PALETTE = ["#3b82c4", "#d97a1f", "#2f9e6e", "#b5539c", "#7a63c9", "#c2504d", "#1f9aa8", "#a3842a", "#d45c8b", "#6b8f2b", "#5573a8", "#96694c"];
const PAGE = 24; // cards shown at first
const HOLD = 0.6; // seconds that a looping event rests at its end

const $ = (id) => document.getElementById(id);
const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const percent = (share) => `${Math.round(100 * share)} %`;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const events = DATA.events.map((event, number) => ({ ...event, number }));
const counts = new Map();
for (const event of events) counts.set(event.label, (counts.get(event.label) ?? 0) + 1);
const labels = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
for (const curve of DATA.curves) labels.push(...Object.keys(curve.classes).filter((label) => !labels.includes(label)));
const hue = (label) => PALETTE[labels.indexOf(label) % PALETTE.length];
const several = DATA.people.length > 1;

const state = { time: 0, peek: null, playing: false, until: null, selected: null, zoom: 1, hidden: new Set(), floor: 0, cards: PAGE };
const shown = (event) => !state.hidden.has(event.label) && event.score >= state.floor;
const now = () => state.peek ?? state.time;

function clock(seconds, digits = 1) {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = (Math.floor((seconds % 60) * 10 ** digits) / 10 ** digits).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return parts[0] ? `${parts[0]}:${String(parts[1]).padStart(2, "0")}:${rest}` : `${parts[1]}:${rest}`;
}

/** An element with properties, attributes (names with a dash, `role`, `for`) and children; text is never markup. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "style") for (const [key, setting] of Object.entries(value)) element.style.setProperty(key, setting);
    else if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}
