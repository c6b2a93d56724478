"use strict";
// Sorts and filters the table of recordings; all else on the page stands without a script.
const table = document.getElementById("recordings");
const body = table.tBodies[0];
const count = document.getElementById("count");
const filter = document.getElementById("filter");
const buttons = [...table.tHead.querySelectorAll("button")];

function valueOf(row, column) {
  const cell = row.cells[column], number = cell.dataset.value;
  return number === undefined ? cell.textContent.trim() : number === "" ? -Infinity : Number(number);
}

function compare(a, b) {
  return typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });
}

function sortBy(button) {
  const column = button.closest("th").cellIndex;
  const descending = button.getAttribute("aria-sort") === "ascending" || (!button.hasAttribute("aria-sort") && button.dataset.first === "descending");
  for (const other of buttons) other.removeAttribute("aria-sort");
  button.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
  rows.sort(([a], [b]) => (descending ? compare(b, a) : compare(a, b)));
  body.append(...rows.map(([, row]) => row));
}

function show() {
  const wanted = filter.value.trim().toLowerCase();
  let shown = 0;
  for (const row of body.rows) {
    row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
    shown += row.hidden ? 0 : 1;
  }
  count.textContent = `${shown} of ${body.rows.length}`;
}

for (const button of buttons) button.addEventListener("click", () => sortBy(button));
filter.addEventListener("input", show);
