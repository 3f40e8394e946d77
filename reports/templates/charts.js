// The charts: a quantity of a case against dose, thickness or the size of a change, by restorer.
(() => {
  "use strict";
  // Of Vega, and the same as letters.
  const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down",
                  "triangle-right", "triangle-left"];
  const LETTERS = "●■▲◆✚▼▶◀";
  for (const root of document.querySelectorAll(".charts")) start(root);

  function start(root) {
    const data = JSON.parse(root.querySelector("script").textContent);
    const part = (name) => root.querySelector(`[data-part="${name}"]`);
    const kept = {};
    // Colours are those of the page, so that they follow it into the dark and onto paper.
    const inks = data.series.map((_, i) => `var(--series-${i})`);
    let chart = data.charts[0];
    let last = null;
    let drawing = Promise.resolve();

    fill(part("case"), [...new Set(data.charts.map((one) => one.case))]);
    data.series.forEach((one, i) => {
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true });
      const mark = document.createElement("span");
      mark.className = "swatch";
      mark.style.color = inks[i];
      mark.textContent = LETTERS[i % LETTERS.length];
      mark.setAttribute("aria-hidden", "true");
      label.append(box, mark, ` ${one.label}`);
      label.dataset.series = i;
      box.addEventListener("input", draw);
      part("series").append(label);
    });
    part("case").addEventListener("input", () => chooseCase());
    part("quantity").addEventListener("input", () => choose());
    part("against").addEventListener("input", () => arrange());
    root.hidden = false;
    chooseCase();

    function fill(menu, values, labels = values, chosen = null) {
      menu.replaceChildren(...values.map((value, i) => new Option(labels[i], value)));
      if (chosen !== null && values.map(String).includes(String(chosen))) menu.value = chosen;
    }

    function chooseCase() {
      const own = data.charts.filter((one) => one.case === part("case").value);
      const before = part("quantity").value;
      fill(part("quantity"), own.map((one) => one.heading), undefined, before || null);
      choose();
    }

    function choose() {
      chart = data.charts.find((one) => one.case === part("case").value
                                        && one.heading === part("quantity").value);
      const axes = chart.axes.filter((_, k) => values(k).length > 1);
      const shown = axes.length ? axes : chart.axes.slice(0, 1);
      fill(part("against"), shown.map((axis) => axis.name), shown.map((axis) => axis.label),
           chart.axes[0].name === "dose" ? part("against").value || null : null);
      arrange();
    }

    function values(k) {
      return [...new Set(chart.rows.map((row) => row[1 + k]))].sort((a, b) => a - b);
    }

    // A menu for each axis that is not drawn and has more than one value.
    function arrange() {
      part("fixed").replaceChildren(...chart.axes.flatMap((axis, k) => {
        const all = values(k);
        if (axis.name === part("against").value || all.length < 2) return [];
        const label = document.createElement("label");
        const menu = document.createElement("select");
        menu.dataset.axis = k;
        fill(menu, all, undefined, kept[axis.name] ?? null);
        menu.addEventListener("input", () => { kept[axis.name] = menu.value; draw(); });
        label.append(`${axis.label} `, menu);
        return [label];
      }));
      draw();
    }

    function points() {
      const x = chart.axes.findIndex((axis) => axis.name === part("against").value);
      const fixed = [...part("fixed").querySelectorAll("select")]
        .map((menu) => [Number(menu.dataset.axis), Number(menu.value)]);
      const there = new Set();
      const found = [];
      const n = chart.axes.length;
      for (const row of chart.rows) {
        if (!fixed.every(([k, value]) => row[1 + k] === value)) continue;
        there.add(row[0]);
        if (!part("series").querySelector(`[data-series="${row[0]}"] input`).checked) continue;
        const look = data.series[row[0]];
        const [value, low, high, count, text, hollow] = row.slice(1 + n);
        found.push({
          series: look.label, x: row[1 + x], value, low, high, count, text, bare: look.line,
          hollow: Boolean(hollow),
          words: `${look.label} at ${row[1 + x]}: ${text}${look.line ? "" : `, n = ${count}`}`,
        });
      }
      for (const label of part("series").children)
        label.hidden = !there.has(Number(label.dataset.series));
      return found;
    }

    // Points of one place stand beside each other, so that their bars can be told apart.
    function beside(found, axis) {
      const names = [...new Set(found.filter((one) => !one.bare).map((one) => one.series))];
      const reach = Math.max(...found.map((one) => one.x)) - Math.min(...found.map((one) => one.x));
      return found.map((one) => {
        const step = one.bare ? 0 : names.indexOf(one.series) - (names.length - 1) / 2;
        const at = axis.log ? one.x * 1.035 ** step : one.x + 0.004 * (reach || one.x || 1) * step;
        return { ...one, at };
      });
    }

    function draw() {
      const axis = chart.axes.find((one) => one.name === part("against").value);
      const found = beside(points(), axis);
      const options = { renderer: "svg", actions: false };
      part("note").textContent = `${chart.heading}: ${chart.note}`;
      const left = chart.left_out
        ? ` ${chart.left_out} values of this quantity are not finite and not drawn.` : "";
      const few = found.length ? "" : " Nothing of this choice is there to be drawn.";
      const hollow = found.some((one) => one.hollow)
        ? " Hollow: more fits ended at a limit than can be borne." : "";
      part("count").textContent =
        `${found.length} points, bars are 95 % intervals.${hollow}${left}${few}`;
      // one after the other, so that the last choice is what stays
      drawing = drawing.then(async () => {
        if (last) last.finalize();
        last = null;
        part("chart").replaceChildren();
        // axes of no points would have no ends
        if (found.length)
          last = await vegaEmbed(part("chart"), spec(found, axis, "var(--ink)", "var(--line)"), options);
        root.dataset.drawn = `${chart.heading}/${axis.name}/${found.length}`;
      });
    }

    function spec(found, axis, ink, line) {
      const names = data.series.map((one) => one.label);
      const colour = { field: "series", type: "nominal", legend: null,
                       scale: { domain: names, range: inks } };
      const lowest = Math.min(...found.map((one) => one.low ?? one.value));
      const log = chart.log && lowest > 0;
      const x = { field: "at", type: "quantitative", title: axis.label,
                  scale: { type: axis.log ? "log" : "linear", nice: false, padding: 14,
                           ...(axis.log ? {} : { zero: false }) },
                  axis: { values: [...new Set(found.map((one) => one.x))].sort((a, b) => a - b),
                          labelOverlap: "greedy", format: axis.log ? "~s" : ".6~g", grid: false } };
      const y = { field: "value", type: "quantitative", title: chart.heading,
                  scale: { type: log ? "log" : "linear", nice: !log, padding: 8, ...(log ? {} : { zero: false }) },
                  axis: { format: ".6~g", labelOverlap: true } };
      const order = { field: "x", type: "quantitative" };
      const layers = [
        { mark: { type: "rule", strokeWidth: 1.3, aria: false },
          transform: [{ filter: "isValid(datum.low) && isValid(datum.high)" }],
          encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color: colour } },
        { mark: { type: "line", strokeWidth: 1.6, aria: false },
          encoding: { x, y, color: colour, order,
                      strokeDash: { field: "series", type: "nominal", legend: null,
                                    scale: { domain: names,
                                             range: data.series.map((one) => one.dash.length
                                               ? one.dash : [1, 0]) } } } },
        { mark: { type: "point", size: 70, strokeWidth: 1.6, opacity: 1 },
          encoding: { x, y, color: colour,
                      fill: { condition: { test: "datum.hollow || datum.bare",
                                           value: "transparent" }, ...colour },
                      shape: { field: "series", type: "nominal", legend: null,
                               scale: { domain: names,
                                        range: names.map((_, i) => SHAPES[i % SHAPES.length]) } },
                      description: { field: "words", type: "nominal" },
                      tooltip: [{ field: "series", type: "nominal", title: "restorer" },
                                { field: "x", type: "quantitative", title: axis.label },
                                { field: "text", type: "nominal", title: "value (95 %)" },
                                { field: "count", type: "quantitative", title: "n" }] } },
      ];
      if (!found.some((one) => one.low !== null && one.high !== null))
        layers.shift();  // bars of nothing would have no ends
      if (chart.levels.length)
        layers.unshift({ data: { values: chart.levels.map((level) => ({ level })) },
                         mark: { type: "rule", color: ink, strokeDash: [2, 3], aria: false },
                         encoding: { y: { field: "level", type: "quantitative" } } });
      return {
        width: "container", height: 340, autosize: { type: "fit", contains: "padding" },
        background: "transparent", padding: 4,
        description: `${chart.heading} against ${axis.label}, ${chart.case}`,
        data: { values: found }, layer: layers,
        config: {
          font: "system-ui, sans-serif",
          view: { stroke: line },
          axis: { labelColor: ink, titleColor: ink, gridColor: line, domainColor: ink,
                  tickColor: ink, labelFontSize: 12, titleFontSize: 13 },
        },
      };
    }
  }
})();
