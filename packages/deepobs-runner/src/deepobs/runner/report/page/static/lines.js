"use strict";
// The charts of curves: every metric, sensitivity, tunability, frontier, profiles, overhead.
(() => {
  const { overview, state, problemData } = report;
  const {
    kinds, AXES, PHASES, css, plain, name, lit, colour, faded, percent, larger, named, method, shown, line, marker, layout, counted, logarithmic, values,
  } = charts;
  // Bars have no markers of their own: each ends in its method's.
  const MARKS = {
    circle: "●", square: "■", "triangle-up": "▲", diamond: "◆", "triangle-down": "▼", cross: "✚", x: "✖", star: "★", pentagon: "⬟", hexagon2: "⬢", "triangle-left": "◀", "triangle-right": "▶",
    "circle-open": "○", "square-open": "□", "triangle-up-open": "△", "diamond-open": "◇", "triangle-down-open": "▽", "cross-open": "✛", "x-open": "✕", "star-open": "☆", "pentagon-open": "⬠", "hexagon2-open": "⬡", "triangle-left-open": "◁", "triangle-right-open": "▷",
  };
  const sayOnce = () => { for (const place of report.all("[data-curves]")) place.textContent = CAPTIONS[state.runs]; };
  const labels = (entries) => entries.map((entry) => method(entry).label);
  const of = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
  const unit = (metric) => metric.endsWith("accuracy") ? " %" : "";
  const CAPTIONS = {
    mean: "Lines: mean over seeds of each method's chosen setting; bands: one standard deviation. A line ends where one of its runs diverged.",
    seeds: "Thin lines: every seed of each method's chosen setting; thick lines: their means.",
    all: "Thin lines: every run of every setting tried; thick lines: means of each method's chosen setting.",
  };

  function along(data, entry) {
    if (state.x === "epoch") return data.grids[entry.g];
    const each = entry.each?.[state.x];
    return each ? data.grids[entry.g].map((epoch) => epoch * each) : entry[state.x];
  }

  function band(x, low, high, own, alpha) {
    return {
      type: "scatter", mode: "lines", hoverinfo: "skip", fill: "toself", fillcolor: faded(colour(own), alpha), line: { width: 0 },
      x: [...x, ...x.toReversed()], y: [...high, ...low.toReversed()],
    };
  }

  function single(data, run, metric) {
    const own = method(run);
    return {
      type: "scatter", mode: "lines", x: along(data, run), y: percent(run[metric], metric), line: line(own, 1), opacity: state.runs === "all" ? 0.45 : 0.6,
      name: name(own),
      hovertemplate: `<b>${name(own)}</b><br>lr ${run.lr}, seed ${run.seed}<br>${AXES[state.x]} %{x:,.4~g}: %{y:.4~g}${unit(metric)}<extra></extra>`,
    };
  }

  function mean(data, curve, metric, log) {
    const own = method(curve);
    const x = along(data, curve);
    const [y, std] = curve[metric].map((row) => percent(row, metric));
    const traces = [];
    if (state.runs === "mean" && curve.n > 1 && lit(own)) {
      const at = y.map((_, i) => i).filter((i) => y[i] !== null && std[i] !== null);
      const low = at.map((i) => log ? Math.max(y[i] - std[i], y[i] / 10) : y[i] - std[i]);
      traces.push(band(at.map((i) => x[i]), low, at.map((i) => y[i] + std[i]), own, 0.18));
    }
    traces.push({
      type: "scatter", mode: lit(own) ? "lines+markers" : "lines", x, y, name: name(own), customdata: std,
      line: line(own, 2), marker: { ...marker(own), maxdisplayed: 9 },
      hovertemplate: `<b>${name(own)}</b><br>${curve.lr === null ? "" : `lr ${curve.lr}, `}${of(curve.n, "seed")}<br>${AXES[state.x]} %{x:,.4~g}: %{y:.4~g}${unit(metric)}${curve.n > 1 ? " ± %{customdata:.2~g}" : ""}<extra></extra>`,
    });
    return { traces, x, y, std };
  }

  function curves(problem, kind) {
    const data = problemData(problem);
    const metric = `${state.phase}_${kind}`;
    const log = !larger(problem, metric) && state.scale !== "linear";
    const known = (entry) => entry[metric] && along(data, entry);
    const singles = state.runs === "mean" ? [] : shown(data.runs).filter((run) => known(run) && (state.runs === "all" || run.best));
    const traces = singles.map((run) => single(data, run, metric));
    const heights = traces.map((trace) => trace.y);
    const rows = singles.flatMap((run, place) => traces[place].y.map((y, i) => [method(run).label, run.lr, run.seed, traces[place].x[i], y, null]));
    const all = shown(data.curves);
    for (const curve of all.filter(known)) {
      const { traces: own, x, y, std } = mean(data, curve, metric, log);
      traces.push(...own);
      heights.push(y.slice(1));
      rows.push(...y.map((value, i) => [method(curve).label, curve.lr, "mean", x[i], value, std[i]]));
    }
    if (!heights.length) return `No ${named(metric)} over ${AXES[state.x]} to show.`;
    const loglog = state.scale === "loglog";
    const horizontal = traces.map((trace) => trace.x);
    return {
      traces, missing: labels(all.filter((entry) => !known(entry))), caption: CAPTIONS[state.runs],
      table: { head: ["method", "learning_rate", "seed", state.x, named(metric), "standard_deviation"], rows },
      layout: layout({
        xaxis: { title: AXES[state.x], ...(loglog ? logarithmic(horizontal) : state.x === "seconds" ? {} : counted(horizontal)) },
        yaxis: values(problem, metric, named(metric), heights),
      }),
    };
  }

  function sensitivity(problem) {
    const data = problemData(problem);
    const metric = [data.judged, "loss"].map((name) => `${state.phase}_${name}`).find((m) => data.sensitivity.some((s) => s[m]));
    if (!metric) return "No series to show.";
    const log = !larger(problem, metric) && state.scale !== "linear";
    const [traces, heights, rows] = [[], [], []];
    let crosses = 0; // rows of them, a method each
    for (const entry of shown(data.sensitivity)) {
      if (!entry[metric]) continue;
      const own = method(entry);
      const [y, std] = entry[metric].map((row) => percent(row, metric));
      const down = std.map((s, i) => log ? Math.min(s ?? 0, 0.9 * y[i]) : s ?? 0);
      traces.push({
        type: "scatter", mode: "lines+markers", x: entry.lr, y, name: name(own), line: line(own, 1.6),
        error_y: { type: "data", symmetric: false, array: std.map((s) => s ?? 0), arrayminus: down, visible: lit(own) && std.some((s) => s), thickness: 1.2, width: 3 },
        marker: marker(own),
        text: entry.n.map((n, i) => `${of(n, "run")}${entry.diverged[i] ? `, ${entry.diverged[i]} diverged` : ""}`),
        hovertemplate: `<b>${name(own)}</b><br>lr %{x:.4~g}: %{y:.4~g}${unit(metric)}<br>%{text}<extra></extra>`,
      });
      // The ends of the bars too, so that none is cut off.
      heights.push(y, y.map((v, i) => v === null ? null : v + (std[i] ?? 0)), y.map((v, i) => v === null ? null : v - down[i]));
      rows.push(...entry.lr.map((lr, i) => [own.label, lr, y[i], std[i], entry.n[i], entry.diverged[i]]));
      const lost = entry.lr.map((_, i) => i).filter((i) => y[i] === null);
      if (!lost.length) continue;
      traces.push({
        type: "scatter", mode: "markers", x: lost.map((i) => entry.lr[i]), y: lost.map(() => crosses), yaxis: "y2", cliponaxis: false,
        marker: { symbol: "x-thin", size: 7, line: { width: 1.6, color: colour(own) } },
        text: lost.map((i) => entry.diverged[i] ? `${entry.diverged[i]} of ${of(entry.n[i], "run")} diverged` : "no final value"),
        hovertemplate: `<b>${name(own)}</b><br>lr %{x:.4~g}: %{text}<extra></extra>`,
      });
      crosses += 1;
    }
    if (!heights.length) return "No method chosen has this series.";
    const strip = Math.min(0.05 * crosses, 0.4);
    return {
      traces, table: { head: ["method", "learning_rate", `final ${named(metric)}`, "standard_deviation", "runs", "diverged"], rows },
      layout: layout({
        xaxis: { title: "learning rate", ...logarithmic(traces.map((trace) => trace.x)) },
        yaxis: { ...values(problem, metric, `final ${named(metric)}`, heights), domain: [0, 1 - strip] },
        yaxis2: { domain: [1 - strip, 1], range: [-0.5 - crosses / 4, crosses - 0.5], visible: false, fixedrange: true },
      }),
    };
  }

  function profile() {
    const entries = shown(overview.profile[state.x] ?? []);
    if (!entries.length) return "No problem has a target and this measure for all methods.";
    return {
      traces: entries.map((entry) => ({
        type: "scatter", mode: "lines", x: entry.x, y: entry.y, line: { ...line(method(entry), 2), shape: "hv" }, name: name(method(entry)),
        hovertemplate: `<b>${name(method(entry))}</b><br>within %{x:.3~g} × the fastest: %{y:.0%} of problems<extra></extra>`,
      })),
      table: { head: ["method", "multiple_of_fastest", "share_of_problems"], rows: entries.flatMap((entry) => entry.x.map((x, i) => [method(entry).label, x, entry.y[i]])) },
      layout: layout({
        xaxis: { title: `${AXES[state.x]} to target, as a multiple of the fastest` }, yaxis: { title: "share of problems", range: [-0.03, 1.03], tickformat: ".0%" },
      }),
    };
  }

  function overhead() {
    const entries = shown(overview.overhead).filter((entry) => state.problem.has(entry.problem));
    if (!entries.length) return "No chosen run has timings.";
    const problems = [...new Set(entries.map((entry) => entry.problem))];
    const traces = [...new Set(entries.map((entry) => entry.m))].map((m) => {
      const mine = entries.filter((entry) => entry.m === m);
      const own = overview.methods[m];
      return {
        type: "bar", orientation: "h", y: mine.map((entry) => plain(entry.problem)), x: mine.map((entry) => 100 * entry.share), name: name(own),
        marker: { color: colour(own) },
        text: mine.map(() => MARKS[own.symbol]), textposition: "outside", textangle: 0, constraintext: "none", cliponaxis: false,
        hovertemplate: `<b>${name(own)}</b><br>%{y}: %{x:.3~g} % of forward and backward<extra></extra>`,
      };
    });
    return {
      traces, table: { head: ["problem", "method", "overhead (%)"], rows: entries.map((entry) => [entry.problem, method(entry).label, 100 * entry.share]) },
      layout: layout({
        barmode: "group", xaxis: { title: "% of forward and backward pass", rangemode: "tozero" },
        yaxis: { title: "", categoryarray: problems.toReversed().map(plain) },
      }),
    };
  }

  function tunability(problem) {
    const entries = shown(problemData(problem).tunability);
    if (!entries.length) return "No method chosen has more than one setting.";
    const { metric } = entries[0];
    const title = `expected best ${named(metric)}`;
    const axis = values(problem, metric, title, entries.map((entry) => percent(entry.expected, metric)));
    const [bottom, top] = axis.range?.map((v) => axis.type === "log" ? 10 ** v : v) ?? [];
    const shownEnd = (v) => v === null ? "not bounded" : String(Number(v.toPrecision(4)));
    const traces = entries.flatMap((entry) => {
      const own = method(entry);
      const [y, low, high] = [entry.expected, entry.low, entry.high].map((row) => percent(row, metric));
      // An end that the trials do not bound lies anywhere up to the edge of the chart.
      const places = [...entry.trials.keys()].filter((i) => low[i] !== null || high[i] !== null);
      const around = bottom === undefined || !lit(own) ? [] : [band(places.map((i) => entry.trials[i]), places.map((i) => low[i] ?? bottom), places.map((i) => high[i] ?? top), own, 0.15)];
      return [...around, {
        type: "scatter", mode: "lines+markers", x: entry.trials, y, name: name(own), line: line(own, 2), customdata: low.map((v, i) => [shownEnd(v), shownEnd(high[i])]),
        marker: { ...marker(own), maxdisplayed: 9 },
        hovertemplate: `<b>${name(own)}</b><br>after %{x} trials: %{y:.4~g}<br>median, 95 % interval: %{customdata[0]} to %{customdata[1]}<extra></extra>`,
      }];
    });
    return {
      traces, table: { head: ["method", "trials", title, "low", "high"], rows: entries.flatMap((entry) => entry.trials.map((k, i) => [method(entry).label, k, ...[entry.expected, entry.low, entry.high].map((row) => percent(row, metric)[i])])) },
      layout: layout({ xaxis: { title: "trials", ...counted(entries.map((entry) => entry.trials)) }, yaxis: axis }),
    };
  }

  // The steps of the best value that a budget buys, and whose it is.
  function frontier(problem) {
    const data = problemData(problem).frontier[state.x];
    const points = data?.points.filter(([, , m]) => state.method.has(overview.methods[m].label)) ?? [];
    if (!points.length) return `No method chosen has ${AXES[state.x]}.`;
    const y = (rows) => percent(rows.map(([, value]) => value), data.metric);
    const traces = [{
      type: "scatter", mode: "lines", hoverinfo: "skip", x: points.map(([x]) => x), y: y(points),
      line: { color: css("--strong-line"), width: 2, shape: "hv" },
    }];
    for (const m of new Set(points.map(([, , number]) => number))) {
      const mine = points.filter(([, , number]) => number === m);
      const own = overview.methods[m];
      traces.push({
        type: "scatter", mode: "markers", x: mine.map(([x]) => x), y: y(mine), name: name(own), marker: marker(own),
        hovertemplate: `<b>${name(own)}</b><br>from ${AXES[state.x]} %{x:,.4~g}: %{y:.4~g}${unit(data.metric)}<extra></extra>`,
      });
    }
    const horizontal = [points.map(([x]) => x)];
    return {
      traces, missing: labels(shown(data.without.map((m) => ({ m })))),
      table: { head: ["method", state.x, `best ${named(data.metric)}`], rows: points.map(([x, , m], i) => [overview.methods[m].label, x, y(points)[i]]) },
      layout: layout({
        xaxis: { title: AXES[state.x], ...(state.scale === "loglog" ? logarithmic(horizontal) : state.x === "seconds" ? {} : counted(horizontal)) },
        yaxis: values(problem, data.metric, `best ${named(data.metric)}`, [y(points)]),
      }),
    };
  }

  report.onChange(sayOnce);
  Object.assign(kinds, {
    metric: (problem, element) => curves(problem, element.dataset.chart.replace("metric-", "")),
    judged: (problem) => { // what holds for all of these charts stands above them, once
      const result = curves(problem, problemData(problem).judged);
      return typeof result === "string" ? result : { ...result, caption: "" };
    }, sensitivity, tunability, frontier, profile, overhead,
  });
})();
