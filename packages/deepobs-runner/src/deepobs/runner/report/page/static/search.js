"use strict";
// A search in two views: all hyperparameters side by side, and any two against each other.
(() => {
  const { overview, state, all, problemData } = report;
  const { kinds, css, plain, larger, named, layout } = charts;
  const BINS = 7; // colours of lines: as many traces, however many trials there are
  // From the worst to the best trial; readable on light and dark (Viridis, Smith and van der Walt 2015).
  const SCALE = ["#46327e", "#3b5f9e", "#277f8e", "#1fa187", "#4ac16d", "#9fc52b", "#d9c31b"];
  const shows = (search, i) => state.method.has(overview.methods[search.m[i]].label);
  const text = (value) => typeof value === "number" ? Number(value.toPrecision(4)).toString() : String(value);

  function chosen(element, problem) {
    const { searches } = problemData(problem);
    const pick = element.closest("figure").querySelector('[data-pick="search"]');
    pick.parentElement.hidden = searches.length < 2;
    return searches[Number(pick.value)];
  }

  // How good each trial is, as a place from 0 (worst) to 1 (best); null for diverged ones.
  function places(problem, search) {
    const sign = larger(problem, search.metric) ? 1 : -1;
    const known = search.values.filter((v) => v !== null).sort((a, b) => sign * (a - b));
    return search.values.map((v) => v === null ? null : known.length > 1 ? known.indexOf(v) / (known.length - 1) : 1);
  }

  // Where a hyperparameter's values lie on an axis from 0 to 1, and what is written beside it.
  function scaled({ values, log }) {
    if (values.some((v) => typeof v === "string")) {
      const kinds = [...new Set(values)].sort();
      const at = (v) => kinds.length > 1 ? kinds.indexOf(v) / (kinds.length - 1) : 0.5;
      return { at: values.map(at), ticks: kinds.map((v) => [at(v), v]) };
    }
    const change = log ? Math.log10 : (v) => v;
    const known = values.filter((v) => v !== null);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const at = (v) => v === null ? null : (change(v) - change(low)) / (change(high) - change(low) || 1);
    const middle = log ? Math.sqrt(low * high) : (low + high) / 2;
    return { at: values.map(at), ticks: [low, middle, high].map((v) => [at(v), text(v)]) };
  }

  function caption(search) {
    const { explained } = search;
    const what = `Each line or point is a trial; its colour is the rank of its ${named(search.metric)}, from dark (worst) to yellow (best), crosses and grey for diverged.`;
    if (explained === null) return `${what} There are too few trials to tell which hyperparameters matter.`;
    if (explained < 0.1) return `${what} In trials held out, the hyperparameters do not predict the result: no importance is shown.`;
    return `${what} Below each name: its importance, the share of the results' variance that is no longer explained in trials held out when its values are shuffled (all together explain ${Math.round(100 * explained)} %).`;
  }

  const important = (search, axis) => search.explained >= 0.1 ? ` ${Math.round(100 * axis.share)} %` : "";

  function table(search) {
    const { axes } = search;
    return {
      head: ["method", ...axes.map((axis) => axis.name), named(search.metric)],
      rows: search.values.map((value, i) => [overview.methods[search.m[i]].label, ...axes.map((axis) => axis.values[i]), value]),
    };
  }

  function parallel(problem, element) {
    const search = chosen(element, problem);
    const goodness = places(problem, search);
    const result = { name: named(search.metric), values: search.values, log: !larger(problem, search.metric) && Math.min(...search.values.filter((v) => v !== null)) > 0 };
    const order = search.explained >= 0.1 ? [...search.axes].sort((a, b) => b.share - a.share) : search.axes;
    const columns = [...order, result].map((axis) => ({ axis, ...scaled(axis) }));
    const lines = Array.from({ length: BINS + 1 }, () => ({ x: [], y: [] })); // the first are diverged trials
    search.values.forEach((_, i) => {
      if (!shows(search, i)) return;
      const bin = goodness[i] === null ? 0 : 1 + Math.min(BINS - 1, Math.floor(goodness[i] * BINS));
      columns.forEach(({ at }, place) => { lines[bin].x.push(place); lines[bin].y.push(at[i]); });
      lines[bin].x.push(null);
      lines[bin].y.push(null);
    });
    const traces = lines.map(({ x, y }, bin) => ({
      type: "scatter", mode: "lines", x, y, hoverinfo: "skip", opacity: bin ? 0.35 + 0.09 * bin : 0.6,
      line: { color: bin ? SCALE[bin - 1] : css("--grey-line"), width: bin === BINS ? 2 : 1.1 },
    }));
    const annotations = columns.flatMap(({ ticks }, place) => ticks.map(([y, words]) => ({
      x: place, y, text: plain(charts.short(words)), showarrow: false, xanchor: place === columns.length - 1 ? "right" : "left", xshift: place === columns.length - 1 ? -4 : 4,
      font: { size: 10, color: css("--text") }, bgcolor: css("--page"), opacity: 0.85,
    })));
    return {
      traces, caption: caption(search), table: table(search), layout: layout({
        annotations, margin: { l: 16, r: 20, t: 12, b: 48 },
        xaxis: { title: "", range: [-0.08, columns.length - 0.92], tickvals: columns.map((_, place) => place), ticktext: columns.map(({ axis }) => `${plain(charts.short(axis.name))}<br>${axis === result ? "" : important(search, axis)}`), gridcolor: css("--strong-line"), fixedrange: true },
        yaxis: { title: "", visible: false, range: [-0.06, 1.06], fixedrange: true },
      }),
    };
  }

  function options(select, search, fallback) {
    const names = search.axes.map((axis) => axis.name);
    if (all("option", select).map((option) => option.textContent).join("\n") !== names.join("\n")) {
      select.replaceChildren(...names.map((name, value) => Object.assign(document.createElement("option"), { value, textContent: name })));
      select.value = String(Math.min(fallback, names.length - 1));
    }
    return search.axes[Number(select.value)];
  }

  function scatter(problem, element) {
    const search = chosen(element, problem);
    const figure = element.closest("figure");
    const [x, y] = ["first", "second"].map((pick, place) => options(figure.querySelector(`[data-pick="${pick}"]`), search, place));
    const goodness = places(problem, search);
    const some = (keep) => search.values.map((_, i) => i).filter((i) => shows(search, i) && keep(i));
    const points = (kept, extra) => ({
      type: "scatter", mode: "markers", x: kept.map((i) => x.values[i]), y: kept.map((i) => y.values[i]), text: kept.map((i) => search.values[i] === null ? "diverged" : text(search.values[i])),
      hovertemplate: `${plain(x.name)} %{x}<br>${plain(y.name)} %{y}<br>${named(search.metric)}: %{text}<extra></extra>`, ...extra,
    });
    const known = some((i) => goodness[i] !== null);
    const axis = (own) => ({ title: plain(own.name), ...(own.values.some((v) => typeof v === "string") ? { type: "category" } : own.log ? charts.logarithmic([own.values]) : {}) });
    return {
      traces: [
        points(some((i) => goodness[i] === null), { marker: { symbol: "x-thin", size: 8, line: { width: 1.6, color: css("--muted") } } }),
        points(known, { marker: {
          size: 10, color: known.map((i) => goodness[i]), cmin: 0, cmax: 1, colorscale: SCALE.map((shade, i) => [i / (SCALE.length - 1), shade]), line: { width: 0.5, color: css("--page") },
          colorbar: { thickness: 10, tickvals: [0, 1], ticktext: ["worst", "best"], outlinewidth: 0 },
        } }),
      ],
      caption: caption(search).replace(/ Below each name.*/, ""), table: table(search), layout: layout({ xaxis: axis(x), yaxis: axis(y) }),
    };
  }

  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-pick]")) return;
    const element = target.closest("figure").querySelector("[data-chart]");
    element.dataset[target.dataset.pick] = target.value;
    charts.draw(element);
  });
  Object.assign(kinds, { parallel, scatter });
})();
