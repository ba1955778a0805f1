"use strict";
(() => {
  const table = document.getElementById("class");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);
  const field = document.getElementById("search");
  const shown = document.getElementById("shown");
  const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const folded = (text) =>
    text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
  const texts = new Map(rows.map((row) => [row, folded(row.textContent)]));

  const values = (row, column, numeric) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    return numeric ? (text === "" ? -1 : Number(text)) : text;
  };

  const sort = (head) => {
    const column = heads.indexOf(head);
    const numeric = head.classList.contains("number");
    const now = head.getAttribute("aria-sort");
    // Numbers begin with the lowest: it is those who struggle that one looks for.
    const next = now === "ascending" ? "descending" : "ascending";
    const sign = next === "ascending" ? 1 : -1;
    const keyed = rows.map((row) => [values(row, column, numeric), row]);
    keyed.sort(([a], [b]) => sign * (numeric ? a - b : names.compare(a, b)));
    for (const other of heads) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", next);
    body.append(...keyed.map(([, row]) => row));
  };

  const search = () => {
    const words = folded(field.value).split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const found = words.every((word) => texts.get(row).includes(word));
      row.hidden = !found;
      count += found;
    }
    shown.textContent = `${count} of ${rows.length} shown`;
  };

  for (const head of heads) head.querySelector("button").addEventListener("click", () => sort(head));
  field.addEventListener("input", search);
  const closed = () => Array.from(document.querySelectorAll("details.checks:not([open])"));
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = closed();
    for (const part of opened) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of opened) part.open = false;
  });
  search(); // a browser may have kept what was typed before the page was loaded again
})();
