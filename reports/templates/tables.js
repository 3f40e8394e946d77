// Tables that can be sorted by a column and filtered by words.
(() => {
  "use strict";
  const FEW = 8;
  const NUMBER = /[-−+]?\d+(?:[\d\u2009\u00a0\u202f]*\d)?(?:\.\d+)?(?:e[-+]?\d+)?/i;
  for (const table of document.querySelectorAll(".scroll > table.sortable")) equip(table);
  for (const table of document.querySelectorAll(".scroll > table")) keepLabels(table);

  // The labels of a row stay in sight where the numbers scroll, unless they would cover them.
  function keepLabels(table) {
    const box = table.parentElement;
    const first = [...table.tHead.rows[0].cells];
    const after = first.findIndex((cell) => !cell.classList.contains("label"));
    if (after < 1) return;
    // also called when what was folded, and so had no width, is shown
    new ResizeObserver(() => {
      const lefts = [0];
      for (const cell of first.slice(0, after)) lefts.push(lefts.at(-1) + cell.offsetWidth);
      const held = box.scrollWidth > box.clientWidth && lefts[after] < 0.5 * box.clientWidth;
      box.classList.toggle("held", held);
      for (let column = 0; column < after; column += 1)
        box.style.setProperty(`--left-${column}`, `${lefts[column]}px`);
    }).observe(box);
  }

  function equip(table) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    if (rows.length < 2) return;
    const name = table.parentElement.getAttribute("aria-label");
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if ("plain" in head.dataset) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const sorted = ordered([...body.rows], column, down);
        body.append(...sorted);
      });
      head.append(button);
    });
    if (rows.length <= FEW) return;
    const label = document.createElement("label");
    label.className = "filter onscreen";
    const input = document.createElement("input");
    input.type = "search";
    input.setAttribute("aria-label", `Filter rows: ${name}`);
    const count = document.createElement("span");
    count.setAttribute("role", "status");
    label.append("Filter rows ", input, " ", count);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        shown += !row.hidden;
      }
      count.textContent = words.length ? `${shown} of ${rows.length} rows` : "";
    });
    table.parentElement.before(label);
  }

  // Numbers by their value, in front of words; what is empty comes last either way.
  function ordered(rows, column, down) {
    const keyed = rows.map((row) => {
      const text = row.cells[column].textContent.trim();
      const found = /^[<>≤≥~]?\s*[-−+\d]/.test(text) ? text.match(NUMBER) : null;
      const number = found
        ? Number(found[0].replace("−", "-").replace(/[\u2009\u00a0\u202f]/g, "")) : NaN;
      return { row, text, number };
    });
    const sign = down ? -1 : 1;
    const empty = (one) => one.text === "" || one.text === "–";
    keyed.sort((a, b) => {
      if (empty(a) !== empty(b)) return empty(a) ? 1 : -1;
      if (Number.isNaN(a.number) !== Number.isNaN(b.number)) return Number.isNaN(a.number) ? 1 : -1;
      if (!Number.isNaN(a.number)) return sign * (a.number - b.number);
      return sign * a.text.localeCompare(b.text);
    });
    return keyed.map((one) => one.row);
  }
})();
