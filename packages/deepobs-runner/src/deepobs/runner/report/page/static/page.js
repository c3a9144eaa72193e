"use strict";
// What is shown: one state, kept in the address so that every view has a link of its own.
const report = (() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const overview = read("data-overview");
  const DEFAULTS = { phase: "test", x: "epoch", scale: "log", runs: "mean" };
  const GROUPS = { problem: overview.problems.map((p) => p.name), method: overview.methods.map((m) => m.label) };
  const state = { ...DEFAULTS, problem: new Set(GROUPS.problem), method: new Set(GROUPS.method), at: "" };
  const listeners = [];
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  function parse(hash) {
    const text = hash.replace(/^#/, "");
    const given = new URLSearchParams(text.includes("=") ? text : "");
    state.at = text.includes("=") ? given.get("at") ?? "" : decode(text);
    for (const key of Object.keys(DEFAULTS)) {
      const select = document.getElementById(`choice-${key}`);
      const offered = [...select.options].map((option) => option.value);
      const fallback = offered.includes(DEFAULTS[key]) ? DEFAULTS[key] : offered[0];
      state[key] = offered.includes(given.get(key)) ? given.get(key) : fallback;
      select.value = state[key];
    }
    for (const [key, names] of Object.entries(GROUPS)) {
      const wanted = given.has(key) ? given.getAll(key) : names;
      state[key] = new Set(names.filter((name) => wanted.includes(name)));
    }
    for (const box of all("input[data-filter]")) box.checked = state[box.dataset.filter].has(box.value);
  }
  const decode = (text) => { try { return decodeURIComponent(text); } catch { return text; } };

  function hash(at = state.at) {
    const query = new URLSearchParams();
    if (at) query.set("at", at);
    for (const [key, names] of Object.entries(GROUPS)) {
      if (state[key].size === names.length) continue;
      for (const name of state[key].size ? state[key] : [""]) query.append(key, name);
    }
    for (const key of Object.keys(DEFAULTS)) if (state[key] !== DEFAULTS[key]) query.set(key, state[key]);
    const text = query.toString();
    return [...query.keys()].join() === "at" ? `#${encodeURIComponent(at)}` : text ? `#${text}` : "#";
  }

  function apply() {
    let runs = 0;
    for (const element of all("[data-problem], [data-method]")) {
      const { method, against } = element.dataset; // rows of pairs name two methods
      const problem = element.closest("[data-problem]")?.dataset.problem;
      const shown = (!problem || state.problem.has(problem)) && [method, against].every((name) => !name || state.method.has(name));
      element.hidden = !shown;
      if (shown && element.matches("[data-run]")) runs += 1;
    }
    const [problems, methods] = [GROUPS.problem, GROUPS.method].map((names) => names.length);
    const text = `Shown: ${state.problem.size} of ${problems} problems, ${state.method.size} of ${methods} methods, ${runs} of ${overview.runs} runs.`;
    const status = document.getElementById("filter-status");
    if (status.textContent !== text) status.textContent = text;
    for (const listener of listeners) listener();
  }

  function changed() {
    history.replaceState(null, "", hash());
    apply();
  }

  function go(at) {
    if (at) document.getElementById(at)?.scrollIntoView({ behavior: "instant" });
  }

  // Whoever follows a link to a part wants to see it, filtered out or not.
  function reveal(element) {
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

  function wire() {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const narrow = matchMedia("(max-width: 60rem)");
    const side = document.getElementById("side");
    theme(dark.matches ? "dark" : "light");
    dark.addEventListener("change", () => theme(dark.matches ? "dark" : "light"));
    document.getElementById("theme").addEventListener("click", () =>
      theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
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
    document.addEventListener("click", (event) => {
      const { target } = event;
      const link = target.closest('a[href^="#"]');
      if (link && !event.ctrlKey && !event.metaKey) { // a link to a part keeps the filters
        event.preventDefault();
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
      } else if (target.matches("[data-copy-command]")) {
        copy(target.parentElement.querySelector("code").textContent, target);
      } else if (target.id === "copy-link") {
        copy(location.href.split("#")[0] + hash(), target);
      } else if (target.id === "reset") {
        history.pushState(null, "", "#");
        parse("");
        apply();
      }
    });
    const follow = () => { parse(location.hash); apply(); go(state.at); };
    addEventListener("hashchange", follow);
    addEventListener("popstate", follow);
  }

  return {
    overview, state, all, read,
    onChange: (listener) => listeners.push(listener),
    start: () => { wire(); parse(location.hash); apply(); go(state.at); },
  };
})();
