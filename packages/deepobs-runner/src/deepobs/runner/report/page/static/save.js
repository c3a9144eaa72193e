"use strict";
// Charts as files: the numbers behind one as CSV, and its picture with title and legend as PNG.
(() => {
  const { plain, results, css } = charts;

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
      files.csv(figure.id, results.get(element).table);
    } else {
      files.download(`${figure.id}.png`, await picture(element, figure.dataset.title));
    }
  });
})();
