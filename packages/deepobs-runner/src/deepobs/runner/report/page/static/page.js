"use strict";
// What is shown: one state, kept in the address so that every view has a link of its own.
const report = (() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const overview = read("data-overview");
  const DEFAULTS = { phase: "test", x: "epoch", scale: "log", runs: "mean" };
  const GROUPS = { problem: overview.problems.map((p) => p.name), method: overview.methods.map((m) => m.label) };
  const LEADERS = overview.highlight.map((m) => GROUPS.method[m]);
  const state = {
    ...DEFAULTS, problem: new Set(GROUPS.problem), method: new Set(GROUPS.method), highlight: new Set(LEADERS), at: "",
  };
  const listeners = [];
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const cache = new Map(); // data of a problem, parsed when first needed

  function problemData(name) {
    if (!cache.has(name)) cache.set(name, read(overview.problems.find((p) => p.name === name).data));
    return cache.get(name);
  }

  function parse(hash) {
    const text = hash.replace(/^#/, "");
    const given = new URLSearchParams(text.includes("=") ? text : "");
    state.at = text.includes("=") ? given.get("at") ?? "" : decode(text);
    for (const key of Object.keys(DEFAULTS)) {
      const select = document.getElementById(`choice-${key}`);
      if (!select) continue; // a page without charts
      const offered = [...select.options].map((option) => option.value);
      const fallback = offered.includes(DEFAULTS[key]) ? DEFAULTS[key] : offered[0];
      state[key] = offered.includes(given.get(key)) ? given.get(key) : fallback;
      select.value = state[key];
    }
    for (const [key, names] of Object.entries(GROUPS)) {
      const wanted = given.has(key) ? given.getAll(key) : names;
      state[key] = new Set(names.filter((name) => wanted.includes(name)));
    }
    const lit = given.has("highlight") ? given.getAll("highlight") : LEADERS;
    state.highlight = new Set(GROUPS.method.filter((name) => lit.includes(name)));
    for (const box of all("input[data-filter]")) box.checked = state[box.dataset.filter].has(box.value);
  }
  const decode = (text) => { try { return decodeURIComponent(text); } catch { return text; } };
  const same = (set, names) => set.size === names.length && names.every((name) => set.has(name));

  function hash(at = state.at) {
    const query = new URLSearchParams();
    if (at) query.set("at", at);
    for (const [key, names] of Object.entries({ ...GROUPS, highlight: LEADERS })) {
      if (same(state[key], names)) continue;
      for (const name of state[key].size ? state[key] : [""]) query.append(key, name);
    }
    for (const key of Object.keys(DEFAULTS)) if (state[key] !== DEFAULTS[key]) query.set(key, state[key]);
    const text = query.toString();
    return [...query.keys()].join() === "at" ? `#${encodeURIComponent(at)}` : text ? `#${text}` : "#";
  }

  const shows = ({ problem, method, against }) =>
    (!problem || state.problem.has(problem)) && [method, against].every((name) => !name || state.method.has(name));

  function apply() {
    for (const element of all("[data-problem], [data-method]")) {
      const { method, against } = element.dataset; // rows of pairs name two methods
      element.hidden = !shows({ method, against, problem: element.closest("[data-problem]")?.dataset.problem });
    }
    for (const element of all("[data-axis]")) element.hidden = element.dataset.axis !== state.x;
    for (const button of all("[data-highlight]")) button.setAttribute("aria-pressed", state.highlight.has(button.dataset.highlight));
    let runs = 0;
    for (const [problem, counts] of Object.entries(overview.runs)) {
      if (state.problem.has(problem)) counts.forEach((count, m) => { if (state.method.has(GROUPS.method[m])) runs += count; });
    }
    const [problems, methods] = [GROUPS.problem, GROUPS.method].map((names) => names.length);
    const text = `Shown: ${state.problem.size} of ${problems} problems, ${state.method.size} of ${methods} methods, ${runs} of ${overview.numRuns} runs.`;
    const status = document.getElementById("filter-status");
    if (status.textContent !== text) status.textContent = text;
    stale(problems - state.problem.size, methods - state.method.size);
    for (const listener of listeners) listener();
  }

  // What was concluded from all runs is no conclusion about some of them.
  function stale(problems, methods) {
    const count = (n, word) => n ? [`${n} ${word}${n === 1 ? "" : "s"}`] : [];
    const away = [...count(methods, "method"), ...count(problems, "problem")].join(" and ");
    for (const part of all("[data-verdict]")) part.classList.toggle("stale", Boolean(away));
    for (const note of all("[data-stale]")) note.hidden = !away;
    for (const place of all("[data-away]")) place.textContent = away;
  }

  function changed() {
    history.replaceState(null, "", hash());
    apply();
  }

  function go(at) {
    if (at) document.getElementById(at)?.scrollIntoView({ behavior: "instant" });
  }

  // A link to a section shows it even if it is filtered out.
  function reveal(element) {
    for (let details = element?.closest("details"); details; details = details.parentElement.closest("details")) details.open = true;
    const name = element?.closest("[data-problem]")?.dataset.problem;
    if (!name || state.problem.has(name)) return;
    state.problem = new Set(GROUPS.problem.filter((problem) => problem === name || state.problem.has(problem)));
    for (const box of all('input[data-filter="problem"]')) box.checked = state.problem.has(box.value);
    apply();
  }

  function theme(name) {
    document.documentElement.dataset.theme = name;
    const button = document.getElementById("theme");
    button.textContent = name === "dark" ? "Light colours" : "Dark colours";
    for (const listener of listeners) listener();
  }

  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // clipboards are closed to files in some browsers
      const area = Object.assign(document.createElement("textarea"), { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = before; }, 1500);
  }

  function follow(link, narrow, side) {
    state.at = decode(link.hash.slice(1));
    const goal = document.getElementById(state.at);
    reveal(goal);
    history.pushState(null, "", hash());
    if (narrow.matches && side.contains(link)) side.open = false;
    if (goal) {
      goal.scrollIntoView();
      goal.setAttribute("tabindex", "-1");
      goal.focus({ preventScroll: true });
    }
  }

  function showAll() {
    history.pushState(null, "", "#");
    parse("");
    apply();
  }

  function tick(key, value) {
    const names = GROUPS[key];
    state[key] = new Set(value === "all" ? names : value === "none" ? [] : names.filter((name) => state.highlight.has(name)));
    for (const box of all(`input[data-filter="${key}"]`)) box.checked = state[key].has(box.value);
    changed();
  }

  function wire() {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const narrow = matchMedia("(max-width: 60rem)");
    const side = document.getElementById("side");
    theme(dark.matches ? "dark" : "light");
    dark.addEventListener("change", () => theme(dark.matches ? "dark" : "light"));
    side.open = !narrow.matches;
    narrow.addEventListener("change", () => { side.open = !narrow.matches; });

    document.addEventListener("change", ({ target }) => {
      if (target.matches("input[data-filter]")) {
        state[target.dataset.filter][target.checked ? "add" : "delete"](target.value);
        changed();
      } else if (target.matches("select[data-choice]")) {
        state[target.dataset.choice] = target.value;
        changed();
      }
    });
    document.addEventListener("input", ({ target }) => {
      if (target.id !== "find-method") return;
      const wanted = target.value.toLowerCase();
      for (const item of all("[data-entry]")) item.hidden = !item.dataset.entry.toLowerCase().includes(wanted);
    });
    document.addEventListener("click", (event) => {
      const { target } = event;
      const link = target.closest('a[href^="#"]');
      const highlight = target.closest("[data-highlight]")?.dataset.highlight;
      if (link && !event.ctrlKey && !event.metaKey) { // a link to a part keeps the filters
        event.preventDefault();
        follow(link, narrow, side);
      } else if (highlight !== undefined) {
        state.highlight[state.highlight.has(highlight) ? "delete" : "add"](highlight);
        changed();
      } else if (target.matches("[data-copy-command]")) {
        copy(target.parentElement.querySelector("code").textContent, target);
      } else if (target.matches("[data-tick]")) {
        tick("method", target.dataset.tick);
      } else if (target.id === "copy-link") {
        copy(location.href.split("#")[0] + hash(), target);
      } else if (target.matches("[data-reset]")) {
        showAll();
      } else if (target.id === "theme") {
        theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
      }
    });
    const back = () => { parse(location.hash); apply(); reveal(document.getElementById(state.at)); go(state.at); };
    addEventListener("hashchange", back);
    addEventListener("popstate", back);
  }

  return {
    overview, state, all, problemData, shows, apply,
    onChange: (listener) => listeners.push(listener),
    start: () => { wire(); parse(location.hash); apply(); reveal(document.getElementById(state.at)); go(state.at); },
  };
})();
