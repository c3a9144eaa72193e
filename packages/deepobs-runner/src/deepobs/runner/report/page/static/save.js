"use strict";
// Charts as files: the numbers behind one as CSV, and its picture with title and legend as PNG.
(() => {
  const { plain, results, css } = charts;

  // A text that a spreadsheet would run as a formula gets an apostrophe before it.
  const text = (value) => typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  const field = (value) => value === null || value === undefined ? "" : /[",\n\r]/.test(String(text(value))) ? `"${String(text(value)).replaceAll('"', '""')}"` : String(text(value));
  const csv = ({ head, rows }) => [head, ...rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";

  function download(name, address) {
    const link = Object.assign(document.createElement("a"), { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
  }

  async function picture(element, title) {
    const { traces, layout } = results.get(element);
    const named = new Set();
    const data = traces.map((trace) => {
      const first = Boolean(trace.name) && !named.has(trace.name);
      if (first) named.add(trace.name);
      return { ...trace, showlegend: first };
    });
    const rows = Math.ceil(named.size / 3);
    const height = 460 + 20 * rows;
    return Plotly.toImage({
      data,
      layout: {
        ...layout, paper_bgcolor: css("--page"), plot_bgcolor: css("--page"), showlegend: named.size > 0, margin: { ...layout.margin, t: 48, b: 60 + 20 * rows },
        title: { text: plain(title), font: { size: 15 }, x: 0.02, xanchor: "left", y: 1, yanchor: "top", pad: { t: 16 } },
        legend: { orientation: "h", x: 0, y: -60 / 352, yanchor: "top" },
      },
    }, { format: "png", width: 800, height, scale: 2 });
  }

  document.addEventListener("click", async ({ target }) => {
    if (!target.matches("[data-save]")) return;
    const figure = target.closest("figure");
    const element = figure.querySelector("[data-chart]");
    charts.draw(element);
    if (target.dataset.save === "csv") {
      const file = new Blob(["\ufeff", csv(results.get(element).table)], { type: "text/csv;charset=utf-8" });
      const address = URL.createObjectURL(file);
      download(`${figure.id}.csv`, address);
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    } else {
      download(`${figure.id}.png`, await picture(element, figure.dataset.title));
    }
  });
})();
