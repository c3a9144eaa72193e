"use strict";
// What all charts share: looks, axes, and drawing them when they come into view or have changed.
const charts = (() => {
  const { overview, state, all, problemData } = report;
  const kinds = {}; // what makes each kind of chart: name of the problem, figure -> { traces, layout, ... } or a message
  const drawn = new Map(); // element -> the view it shows
  const results = new Map(); // element -> what it was drawn from
  const visible = new Set();
  let printing = false;
  const AXES = {
    epoch: "epochs",
    steps: "steps",
    examples: "examples",
    tokens: "tokens",
    seconds: "seconds of training",
    passes: "gradient evaluations",
  };
  const PHASES = { test: "test", train: "training", valid: "validation" };
  // A page's width is not known before it is printed: charts get the size of A4's text in pixels.
  const PAPER = { one: { width: 640, height: 235 }, two: { width: 330, height: 235 } };
  const touch = matchMedia("(pointer: coarse)").matches;

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // Plotly reads a little HTML in names; a name is text.
  const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  // A long name makes a tooltip that no screen holds.
  const short = (text) => text.length > 60 ? `${text.slice(0, 59)}…` : text;
  const lit = (method) => state.highlight.has(method.label);
  const colour = (method) => !lit(method) ? css("--grey-line") : method[document.documentElement.dataset.theme === "dark" && !printing ? "dark" : "colour"];
  const faded = (hex, alpha) => hex + Math.round(alpha * 255).toString(16).padStart(2, "0");
  const percent = (values, metric) => metric.endsWith("accuracy") ? values.map((v) => v === null ? null : 100 * v) : values;
  const bare = (metric) => metric.slice(metric.indexOf("_") + 1); // "accuracy" of "test_accuracy"
  const larger = (problem, metric) => problemData(problem).larger.includes(bare(metric)); // whether larger values are better
  const named = (metric) => `${PHASES[metric.split("_")[0]]} ${overview.names[bare(metric)]}${metric.endsWith("accuracy") ? " (%)" : ""}`;
  const method = (entry) => overview.methods[entry.m];
  // Entries of the methods shown, the grey ones first so that they lie behind.
  const shown = (entries) => {
    const kept = entries.filter((entry) => state.method.has(method(entry).label));
    return [...kept.filter((entry) => !lit(method(entry))), ...kept.filter((entry) => lit(method(entry)))];
  };
  const name = (own) => plain(short(own.label));
  const line = (own, width) => lit(own) ? { color: colour(own), width, dash: own.dash } : { color: colour(own), width: 1 };
  const marker = (own) => ({
    symbol: own.symbol, size: lit(own) ? 7 : 4, color: colour(own), line: { width: own.symbol.endsWith("-open") ? 1.6 : 0 },
  });

  function layout(extra) {
    const axis = {
      gridcolor: css("--line"), linecolor: css("--strong-line"), zeroline: false, ticks: "outside", ticklen: 4,
      tickcolor: css("--strong-line"), automargin: true, exponentformat: "power", title: { standoff: 8 },
    };
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: css("--text") },
      margin: { l: 52, r: 12, t: 10, b: 42 }, hovermode: "closest",
      hoverlabel: { bgcolor: css("--panel"), bordercolor: css("--strong-line"), font: { color: css("--text") }, namelength: -1, align: "left" },
      dragmode: touch ? false : "zoom",
      ...extra,
      xaxis: { ...axis, ...extra.xaxis, title: { ...axis.title, text: extra.xaxis.title } },
      yaxis: { ...axis, ...extra.yaxis, title: { ...axis.title, text: extra.yaxis.title } },
    };
  }

  // Ticks of what is counted stand at whole numbers: no more of them than there are such numbers.
  const counted = (rows) => ({ nticks: Math.min(8, Math.max(1, Math.floor(Math.max(...rows.flat().filter((v) => v !== null))))) });

  // A logarithmic axis: plain numbers where it spans little ("0.2", not "2"), else powers of ten.
  function logarithmic(rows) {
    const values = rows.flat().filter((v) => v > 0);
    const decades = values.length ? Math.log10(Math.max(...values) / Math.min(...values)) : 0;
    if (!values.length || decades > 2.5) return { type: "log", dtick: Math.ceil(decades / 8) || 1 };
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const within = (steps, unit) => steps.map((step) => step * unit).filter((v) => v >= 0.999 * low && v <= 1.001 * high);
    const powers = Array.from({ length: 5 }, (_, i) => 10 ** (Math.floor(Math.log10(low)) + i));
    const ladder = powers.flatMap((power) => within([1, 2, 5], power));
    const step = 10 ** Math.floor(Math.log10((high - low) / 3));
    const fine = [1, 2, 5].map((factor) => factor * step).find((s) => (high - low) / s <= 7) ?? step * 5;
    const even = Array.from({ length: 9 }, (_, i) => (Math.ceil(low / fine - 0.001) + i) * fine).filter((v) => v <= 1.001 * high);
    const ticks = ladder.length >= 4 ? ladder : even;
    return { type: "log", tickvals: ticks, ticktext: ticks.map((v) => String(Number(v.toPrecision(4)))) };
  }

  // A few very large values (the start, a run that blew up) must not flatten all others.
  function range(rows, log, rising) {
    const values = rows.flatMap((row) => row.filter((v) => v !== null && (!log || v > 0))).sort((a, b) => a - b);
    if (values.length < 3) return undefined;
    const low = values[0];
    const high = rising ? values.at(-1) : Math.min(values.at(-1), 1.3 * values[Math.floor(0.97 * (values.length - 1))]);
    if (!(high > low)) return undefined;
    const [a, b] = log ? [Math.log10(low), Math.log10(high)] : [low, high];
    return [a - 0.05 * (b - a), b + 0.05 * (b - a)];
  }

  // The axis of a metric's values: its title, scale and range, from the rows drawn.
  function values(problem, metric, title, rows) {
    const rising = larger(problem, metric);
    const log = !rising && state.scale !== "linear" && rows.some((row) => row.some((v) => v > 0));
    const span = range(rows, log, rising);
    const kept = span && log ? [span.map((power) => 10 ** power)] : rows;
    return { title, range: span, ...(log ? logarithmic(kept) : { type: "linear" }) };
  }

  const view = (element) => JSON.stringify([
    state.phase, state.x, state.scale, state.runs, [...state.method], [...state.problem], [...state.highlight],
    document.documentElement.dataset.theme, printing, { ...element.dataset },
  ]);

  function draw(element) {
    const now = view(element);
    if (drawn.get(element) === now || !element.offsetWidth) return;
    drawn.set(element, now);
    const result = (kinds[element.dataset.chart] ?? kinds.metric)(element.dataset.of, element);
    results.set(element, result);
    const figure = element.closest("figure");
    const missing = result.missing?.length ? `Left out, for want of records: ${result.missing.join(", ")}.` : "";
    figure.querySelector("[data-missing]").textContent = missing;
    if (result.caption) figure.querySelector("[data-caption]").textContent = result.caption;
    for (const button of all("[data-save]", figure)) button.disabled = typeof result === "string";
    if (typeof result === "string") {
      Plotly.purge(element);
      element.replaceChildren(Object.assign(document.createElement("div"), { className: "chart-message", textContent: result }));
      return;
    }
    element.querySelector(".chart-message")?.remove();
    if (printing) Object.assign(result.layout, element.closest(".one") ? PAPER.one : PAPER.two);
    Plotly.react(element, result.traces, result.layout, {
      responsive: true, displaylogo: false,
      modeBarButtonsToRemove: ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "pan2d", "toImage"], // saving is below the chart
      showSendToCloud: false, plotlyServerURL: "", // without these plotly offers to upload a chart
      displayModeBar: touch ? false : "hover", // without a pointer it would cover data all the time
    });
  }

  // On a phone and on paper the legend in the side panel is far away: every part has its own.
  function legends() {
    const entries = all("[data-highlight]").filter(({ dataset }) => state.method.has(dataset.highlight) && state.highlight.has(dataset.highlight));
    for (const place of all("[data-legend]")) {
      place.replaceChildren(...entries.map((button) => {
        const entry = Object.assign(document.createElement("span"), { className: "method" });
        entry.append(button.querySelector("svg").cloneNode(true), Object.assign(document.createElement("span"), { textContent: short(button.dataset.highlight) }));
        return entry;
      }), ...(entries.length < state.method.size ? ["grey: the other methods"] : []));
    }
  }

  function print(elements) {
    const theme = document.documentElement.dataset.theme;
    printing = true;
    document.documentElement.dataset.theme = "light";
    const closed = all("details[data-print]:not([open])");
    for (const details of closed) details.open = true;
    for (const element of elements) draw(element);
    addEventListener("afterprint", () => {
      printing = false;
      for (const details of closed) details.open = false;
      document.documentElement.dataset.theme = theme;
      for (const element of visible) draw(element);
    }, { once: true });
  }

  function start() {
    const elements = all("[data-chart]");
    const watch = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        visible[isIntersecting ? "add" : "delete"](target);
        if (isIntersecting) draw(target);
      }
    }, { rootMargin: "300px" });
    for (const element of elements) watch.observe(element);
    report.onChange(() => { legends(); for (const element of visible) draw(element); });
    legends();
    addEventListener("beforeprint", () => print(elements));
  }

  return {
    kinds, results, start, draw, AXES, PHASES, css, plain, short, name, lit, colour, faded, percent, bare, larger, named, method, shown, line, marker,
    layout, counted, logarithmic, range, values, problemData,
  };
})();
