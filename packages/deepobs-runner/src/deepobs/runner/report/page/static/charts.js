"use strict";
// The charts: each is drawn when it comes into view, and again when what it shows has changed.
const charts = (() => {
  const { overview, state, all } = report;
  const cache = new Map(); // data of a problem, parsed when first needed
  const drawn = new Map(); // element -> the view it shows
  const visible = new Set();
  let printing = false;
  const AXES = { epoch: "epochs", steps: "steps", seconds: "seconds of training" };
  // A page's width is not known before it is printed: charts get the size of A4's text in pixels.
  const PAPER = { one: { width: 640, height: 235 }, two: { width: 330, height: 235 } };
  const touch = matchMedia("(pointer: coarse)").matches;
  // Bars have no markers of their own: each ends in its method's.
  const MARKS = {
    circle: "●", square: "■", "triangle-up": "▲", diamond: "◆", "triangle-down": "▼", cross: "✚", x: "✖",
    "circle-open": "○", "square-open": "□", "triangle-up-open": "△", "diamond-open": "◇", "triangle-down-open": "▽", "cross-open": "✛", "x-open": "✕",
  };
  const PHASES = { test: "test", train: "training", valid: "validation" };

  function problemData(name) {
    if (!cache.has(name)) cache.set(name, report.read(overview.problems.find((p) => p.name === name).data));
    return cache.get(name);
  }
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // Plotly reads a little HTML in names; a name is text.
  const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const colour = (method) => method[document.documentElement.dataset.theme === "dark" && !printing ? "dark" : "colour"];
  const faded = (hex, alpha) => hex + Math.round(alpha * 255).toString(16).padStart(2, "0");
  const shown = (entry) => state.method.has(overview.methods[entry.m].label);
  const percent = (values, metric) => metric.endsWith("accuracy") ? values.map((v) => v === null ? null : 100 * v) : values;

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
  const line = (method, width) => ({ color: colour(method), width, dash: method.dash });
  const marker = (method) => ({ symbol: method.symbol, size: 7, color: colour(method), line: { width: method.symbol.endsWith("-open") ? 1.6 : 0 } });
  const names = (numbers) => numbers.map((m) => overview.methods[m].label);
  // What is counted has ticks at whole numbers, however few there are.
  const whole = (rows) => Math.max(...rows.flat()) <= 6 ? { dtick: 1, tick0: 0 } : {};

  // A few very large values (the start, a run that blew up) must not flatten all others.
  function range(rows, log, metric) {
    const values = rows.flatMap((row) => row.filter((v) => v !== null && (!log || v > 0))).sort((a, b) => a - b);
    if (values.length < 3) return undefined;
    const low = values[0];
    const high = metric.endsWith("accuracy") ? values.at(-1) : Math.min(values.at(-1), 1.3 * values[Math.floor(0.97 * (values.length - 1))]);
    if (!(high > low)) return undefined;
    const [a, b] = log ? [Math.log10(low), Math.log10(high)] : [low, high];
    return [a - 0.05 * (b - a), b + 0.05 * (b - a)];
  }

  function curves(name, kind) {
    const data = problemData(name);
    const metric = `${state.phase}_${kind}`;
    const log = kind === "loss" && state.scale !== "linear";
    const unit = kind === "accuracy" ? " %" : "";
    const axis = state.x;
    const traces = [];
    const heights = [];
    const x = (entry) => axis === "epoch" ? data.grids[entry.g] : axis === "steps" && entry.spe ? data.grids[entry.g].map((e) => e * entry.spe) : entry[axis];
    const single = state.runs === "mean" ? [] : data.runs.filter((run) => shown(run) && (state.runs === "all" || run.best));
    for (const run of single) {
      if (!run[metric] || !x(run)) continue;
      const method = overview.methods[run.m];
      const y = percent(run[metric], metric);
      traces.push({
        type: "scatter", mode: "lines", x: x(run), y, line: { ...line(method, 1) }, opacity: state.runs === "all" ? 0.45 : 0.6,
        name: plain(method.label),
        hovertemplate: `<b>${plain(method.label)}</b><br>lr ${run.lr}, seed ${run.seed}<br>${AXES[axis]} %{x:,.4~g}: %{y:.4~g}${unit}<extra></extra>`,
      });
      heights.push(y);
    }
    for (const curve of data.curves.filter(shown)) {
      if (!curve[metric] || !x(curve)) continue;
      const method = overview.methods[curve.m];
      const [mean, std] = curve[metric].map((row) => percent(row, metric));
      const xs = x(curve);
      if (state.runs === "mean" && curve.n > 1) {
        const at = mean.map((_, i) => i).filter((i) => mean[i] !== null && std[i] !== null);
        const floor = (i) => log ? Math.max(mean[i] - std[i], mean[i] / 10) : mean[i] - std[i];
        traces.push({
          type: "scatter", mode: "lines", hoverinfo: "skip", fill: "toself", fillcolor: faded(colour(method), 0.18), line: { width: 0 },
          x: [...at.map((i) => xs[i]), ...at.toReversed().map((i) => xs[i])],
          y: [...at.map((i) => mean[i] + std[i]), ...at.toReversed().map(floor)],
        });
      }
      traces.push({
        type: "scatter", mode: "lines+markers", x: xs, y: mean, name: plain(method.label), customdata: std,
        line: line(method, 2), marker: { ...marker(method), maxdisplayed: 9 },
        hovertemplate: `<b>${plain(method.label)}</b><br>lr ${curve.lr}, ${curve.n} ${curve.n === 1 ? "seed" : "seeds"}<br>${AXES[axis]} %{x:,.4~g}: %{y:.4~g}${unit}${curve.n > 1 ? " ± %{customdata:.2~g}" : ""}<extra></extra>`,
      });
      heights.push(mean.slice(1));
    }
    if (!heights.length) return `No ${PHASES[state.phase]} ${kind} over ${AXES[axis]} to show.`;
    const missing = data.curves.filter((curve) => shown(curve) && !(curve[metric] && x(curve))).map((curve) => curve.m);
    const loglog = state.scale === "loglog";
    return { traces, missing: names(missing), layout: layout({
      xaxis: { title: AXES[axis], type: loglog ? "log" : "linear", ...(axis === "epoch" && !loglog ? whole(data.grids) : {}) },
      yaxis: { title: `${PHASES[state.phase]} ${kind}${kind === "accuracy" ? " (%)" : ""}`, type: log ? "log" : "linear", range: range(heights, log, metric) },
    }) };
  }

  function sensitivity(name) {
    const data = problemData(name);
    let crosses = 0; // rows of them, a method each
    const metric = [`${state.phase}_accuracy`, `${state.phase}_loss`].find((m) => data.sensitivity.some((s) => s[m]));
    if (!metric) return "No series to show.";
    const accuracy = metric.endsWith("accuracy");
    const traces = [];
    const heights = [];
    for (const entry of data.sensitivity.filter(shown)) {
      if (!entry[metric]) continue;
      const method = overview.methods[entry.m];
      const [mean, std] = entry[metric].map((row) => percent(row, metric));
      traces.push({
        type: "scatter", mode: "lines+markers", x: entry.lr, y: mean, name: plain(method.label), line: line(method, 1.6),
        error_y: { type: "data", array: std.map((s) => s ?? 0), visible: std.some((s) => s), thickness: 1.2, width: 3 },
        marker: marker(method),
        text: entry.n.map((n, i) => `${n} ${n === 1 ? "run" : "runs"}${entry.diverged[i] ? `, ${entry.diverged[i]} diverged` : ""}`),
        hovertemplate: `<b>${plain(method.label)}</b><br>lr %{x:.4~g}: %{y:.4~g}${accuracy ? " %" : ""}<br>%{text}<extra></extra>`,
      });
      heights.push(mean);
      const lost = entry.lr.map((_, i) => i).filter((i) => mean[i] === null);
      if (!lost.length) continue;
      traces.push({
        type: "scatter", mode: "markers", x: lost.map((i) => entry.lr[i]), y: lost.map(() => crosses), yaxis: "y2", cliponaxis: false,
        marker: { symbol: "x-thin", size: 7, line: { width: 1.6, color: colour(method) } },
        text: lost.map((i) => entry.diverged[i] ? `${entry.diverged[i]} of ${entry.n[i]} ${entry.n[i] === 1 ? "run" : "runs"} diverged` : "no final value"),
        hovertemplate: `<b>${plain(method.label)}</b><br>lr %{x:.4~g}: %{text}<extra></extra>`,
      });
      crosses += 1;
    }
    if (!heights.length) return "No method chosen has this series.";
    const strip = Math.min(0.05 * crosses, 0.4);
    const log = !accuracy && state.scale !== "linear";
    return { traces, layout: layout({
      xaxis: { title: "learning rate", type: "log" },
      yaxis: { title: `final ${PHASES[state.phase]} ${accuracy ? "accuracy (%)" : "loss"}`, type: log ? "log" : "linear", range: range(heights, log, metric), domain: [0, 1 - strip] },
      yaxis2: { domain: [1 - strip, 1], range: [-0.5 - crosses / 4, crosses - 0.5], visible: false, fixedrange: true },
    }) };
  }

  function profile() {
    const traces = overview.profile[state.x].filter(shown).map((entry) => ({
      type: "scatter", mode: "lines", x: entry.x, y: entry.y, line: { ...line(overview.methods[entry.m], 2), shape: "hv" },
      name: plain(overview.methods[entry.m].label),
      hovertemplate: `<b>${plain(overview.methods[entry.m].label)}</b><br>within %{x:.3~g} × the fastest: %{y:.0%} of problems<extra></extra>`,
    }));
    if (!traces.length) return "No problem has a target and this measure for all methods.";
    return { traces, layout: layout({
      xaxis: { title: `${AXES[state.x]} to target, as a multiple of the fastest` }, yaxis: { title: "share of problems", range: [-0.03, 1.03], tickformat: ".0%" },
    }) };
  }

  function overhead() {
    const entries = overview.overhead.filter((entry) => shown(entry) && state.problem.has(entry.problem));
    if (!entries.length) return "No chosen run has timings.";
    const problems = [...new Set(entries.map((entry) => entry.problem))];
    const traces = [...new Set(entries.map((entry) => entry.m))].map((m) => {
      const own = entries.filter((entry) => entry.m === m);
      return {
        type: "bar", orientation: "h", y: own.map((e) => plain(e.problem)), x: own.map((e) => 100 * e.share), name: plain(overview.methods[m].label),
        marker: { color: colour(overview.methods[m]) },
        text: own.map(() => MARKS[overview.methods[m].symbol]), textposition: "outside", textangle: 0, constraintext: "none", cliponaxis: false,
        hovertemplate: `<b>${plain(overview.methods[m].label)}</b><br>%{y}: %{x:.3~g} % of forward and backward<extra></extra>`,
      };
    });
    return { traces, layout: layout({
      barmode: "group", xaxis: { title: "% of forward and backward pass", rangemode: "tozero" },
      yaxis: { title: "", categoryarray: problems.toReversed().map(plain) },
    }) };
  }

  function tunability(name) {
    const entries = problemData(name).tunability.filter(shown);
    if (!entries.length) return "No method chosen has more than one setting.";
    const { metric } = entries[0];
    const traces = entries.flatMap((entry) => {
      const method = overview.methods[entry.m];
      const [mean, low, high] = [entry.expected, entry.low, entry.high].map((row) => percent(row, metric));
      const places = [...entry.trials.keys()].filter((i) => low[i] !== null && high[i] !== null);
      const around = [...places, ...places.toReversed()];
      const shownEnd = (v) => v === null ? "not bounded" : String(Number(v.toPrecision(4)));
      return [{
        type: "scatter", mode: "lines", hoverinfo: "skip", fill: "toself", fillcolor: faded(colour(method), 0.15), line: { width: 0 },
        x: around.map((i) => entry.trials[i]), y: around.map((i, n) => (n < places.length ? high : low)[i]),
      }, {
        type: "scatter", mode: "lines+markers", x: entry.trials, y: mean, name: plain(method.label), line: line(method, 2), customdata: low.map((v, i) => [shownEnd(v), shownEnd(high[i])]),
        marker: { ...marker(method), maxdisplayed: 9 },
        hovertemplate: `<b>${plain(method.label)}</b><br>after %{x} trials: %{y:.4~g}<br>median, 95 % interval: %{customdata[0]} to %{customdata[1]}<extra></extra>`,
      }];
    });
    const accuracy = metric.endsWith("accuracy");
    const log = !accuracy && state.scale !== "linear";
    return { traces, layout: layout({
      xaxis: { title: "trials", ...whole(entries.map((entry) => entry.trials)) },
      yaxis: { title: `expected best ${PHASES.test} ${accuracy ? "accuracy (%)" : "loss"}`, type: log ? "log" : "linear", range: range(entries.map((entry) => percent(entry.expected, metric)), log, metric) },
    }) };
  }

  // The steps of the best value that a budget buys, and whose it is.
  function frontier(name) {
    const data = problemData(name).frontier[state.x];
    const points = data?.points.filter(([, , m]) => shown({ m })) ?? [];
    if (!points.length) return `No method chosen has ${AXES[state.x]}.`;
    const accuracy = data.metric.endsWith("accuracy");
    const log = !accuracy && state.scale !== "linear";
    const y = (rows) => percent(rows.map(([, value]) => value), data.metric);
    const traces = [{
      type: "scatter", mode: "lines", hoverinfo: "skip", x: points.map(([x]) => x), y: y(points),
      line: { color: css("--strong-line"), width: 2, shape: "hv" },
    }];
    for (const m of new Set(points.map(([, , number]) => number))) {
      const own = points.filter(([, , number]) => number === m);
      const method = overview.methods[m];
      traces.push({
        type: "scatter", mode: "markers", x: own.map(([x]) => x), y: y(own), name: plain(method.label),
        marker: marker(method),
        hovertemplate: `<b>${plain(method.label)}</b><br>from ${AXES[state.x]} %{x:,.4~g}: %{y:.4~g}${accuracy ? " %" : ""}<extra></extra>`,
      });
    }
    return { traces, missing: names(data.without.filter((m) => shown({ m }))), layout: layout({
      xaxis: { title: AXES[state.x], type: state.scale === "loglog" ? "log" : "linear" },
      yaxis: { title: `best ${data.metric.replace("_", " ").replace("train", "training")}${accuracy ? " (%)" : ""}`, type: log ? "log" : "linear", range: range([y(points)], log, data.metric) },
    }) };
  }

  const KINDS = {
    loss: (name) => curves(name, "loss"), accuracy: (name) => curves(name, "accuracy"), sensitivity, tunability, frontier, profile, overhead,
  };
  const view = () => JSON.stringify([state.phase, state.x, state.scale, state.runs, [...state.method], [...state.problem], document.documentElement.dataset.theme, printing]);

  function draw(element) {
    const now = view();
    if (drawn.get(element) === now || !element.offsetWidth) return;
    drawn.set(element, now);
    const result = KINDS[element.dataset.chart](element.dataset.of);
    const missing = result.missing?.length ? `Left out, for want of records: ${result.missing.join(", ")}.` : "";
    element.parentElement.querySelector("[data-missing]").textContent = missing;
    if (typeof result === "string") {
      Plotly.purge(element);
      element.replaceChildren(Object.assign(document.createElement("div"), { className: "chart-message", textContent: result }));
      return;
    }
    element.querySelector(".chart-message")?.remove();
    if (printing) Object.assign(result.layout, element.closest(".one") ? PAPER.one : PAPER.two);
    Plotly.react(element, result.traces, result.layout, {
      responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "pan2d"],
      showSendToCloud: false, plotlyServerURL: "", // without these plotly offers to upload a chart
      displayModeBar: touch ? false : "hover", // without a pointer it would cover data all the time
    });
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
    report.onChange(() => { for (const element of visible) draw(element); });
    addEventListener("beforeprint", () => {
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
    });
  }
  return { start };
})();
report.start();
charts.start();
