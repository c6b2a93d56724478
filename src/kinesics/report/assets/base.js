// What the report's scripts share. The page draws everything from one block of data: positions are 0..1 across the
// image, times in seconds. The scripts of `page.SCRIPTS` are one, in that order.

const DATA = JSON.parse(document.getElementById("data").textContent);
const PAGE = 24; // cards shown at first
const HOLD = 0.6; // seconds that a looping event rests at its end

const events = DATA.events.map((event, number) => ({ ...event, number }));
const { counts, labels } = labelsOf(events);
for (const curve of DATA.curves) labels.push(...Object.keys(curve.classes).filter((label) => !labels.includes(label)));
const hue = (label) => hueAmong(labels, label);
const several = DATA.people.length > 1;

const state = { time: 0, peek: null, playing: false, until: null, selected: null, zoom: 1, hidden: new Set(), floor: 0, cards: PAGE };
const shown = (event) => !state.hidden.has(event.label) && event.score >= state.floor;
const now = () => state.peek ?? state.time;
