"use strict";
// Tables: rows that are made when a table is first seen, search, sorting, and hints of scrolling.
const tables = (() => {
  const { all, shows } = report;
  const MOST = 500; // rows drawn at a time; searching goes through all of them
  const SEARCHED = 12; // tables with more rows than that have a search field
  const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

  // The number that a cell's text begins with, as people read it; NaN for words.
  function numberOf(text) {
    const plain = text.replace(/[\s\u2009]+/g, " ").replaceAll("−", "-").replace(/^[<>#] ?/, "").replace(/(\d) (?=\d{3})/g, "$1");
    const raised = plain.match(/^(-?[\d.]+) × 10(⁻?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)/);
    if (!raised) return parseFloat(plain);
    const power = Number([...raised[3]].map((digit) => SUPERSCRIPTS.indexOf(digit)).join(""));
    return Number(raised[1]) * 10 ** (raised[2] ? -power : power);
  }

  function compare(a, b, sign) {
    const [x, y] = [numberOf(a), numberOf(b)];
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1; // what is missing comes last
    return sign * (Number.isNaN(x) ? a.localeCompare(b) : x - y);
  }

  function cell(tag, text, classes) {
    const element = document.createElement(tag);
    if (tag === "th") element.scope = "row";
    if (classes) element.className = classes;
    element.textContent = text;
    return element;
  }

  function command(text) {
    const place = document.createElement("td");
    const box = Object.assign(document.createElement("div"), { className: "command" });
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy" });
    button.dataset.copyCommand = "";
    button.setAttribute("aria-label", "Copy the command");
    box.append(button, cell("code", text));
    place.append(box);
    return place;
  }

  // The rows of a table whose numbers are in a data block: `m` and `a` are numbers of methods.
  function stored(table) {
    const { of, rows } = table.dataset;
    const kinds = all("thead th", table).map((head) => head.dataset.kind ?? (head.classList.contains("num") ? "num" : ""));
    const name = (number) => number === undefined ? undefined : report.overview.methods[number].label;
    return report.problemData(of).tables[rows].map(({ m, a, cells }) => {
      const names = { problem: of, method: name(m), against: name(a) };
      const texts = [names.method, ...(names.against ? [names.against] : []), ...cells];
      const make = () => {
        const row = document.createElement("tr");
        texts.forEach((text, place) => row.append(
          kinds[place] === "command" ? command(text) : cell(place ? "td" : "th", text, kinds[place])));
        return row;
      };
      return { names, texts, make };
    });
  }

  // A shown number as programs read it: -0.5, 2.3e-7. Other texts stay as they are.
  function plain(text) {
    const ascii = text.replaceAll("\u2009", "").replaceAll("−", "-");
    const raised = ascii.match(/^(-?[\d.]+) × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)$/);
    return raised ? String(numberOf(text)) : /^-?[\d.]+$/.test(ascii) ? ascii : text;
  }

  // The matrix gives its numbers in full; of other tables the rows that are shown, as they are shown.
  function numbers(table, found) {
    if (table.classList.contains("matrix")) {
      const { head, rows } = report.overview.results;
      return { head, rows: rows.filter(([method, problem]) => shows({ method, problem })) };
    }
    const head = [...[...table.tHead.rows].at(-1).cells].map((place) => place.textContent.trim());
    return { head, rows: found.map(({ texts }) => texts.map(plain)) };
  }

  function offer(region, table, found) {
    const name = region.getAttribute("aria-label");
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "CSV" });
    button.setAttribute("aria-label", `Download the numbers: ${name}`);
    button.addEventListener("click", () => files.csv(name.toLowerCase().replace(/[^a-z0-9_]+/g, "-"), numbers(table, found())));
    const tools = Object.assign(document.createElement("p"), { className: "tools" });
    tools.append(button);
    region.after(tools);
  }

  const written = (table) => all("tbody tr", table).map((row) => ({
    names: { problem: row.closest("[data-problem]")?.dataset.problem, method: row.dataset.method, against: row.dataset.against },
    texts: [...row.cells].map((place) => place.dataset.value ?? (place.querySelector(".command code") ?? place).textContent.trim()), element: row,
  }));

  function enhance(table) {
    if (table.ready) return;
    table.ready = true;
    if (table.hasAttribute("data-plain")) { // the matrix, in its own order
      offer(table.closest(".scroll"), table, () => []);
      return;
    }
    const rows = table.dataset.rows ? stored(table) : written(table);
    const body = table.tBodies[0];
    const region = table.closest(".scroll");
    let search, note, order, rising = true;

    function chosen() {
      const wanted = search?.value.toLowerCase() ?? "";
      const found = rows.filter((row) => shows(row.names) && (!wanted || row.texts.join(" ").toLowerCase().includes(wanted)));
      if (order !== undefined) found.sort((a, b) => compare(a.texts[order] ?? "", b.texts[order] ?? "", rising ? 1 : -1));
      return found;
    }

    function draw() {
      const found = chosen();
      body.replaceChildren(...found.slice(0, MOST).map((row) => (row.element ??= row.make())));
      for (const row of found) if (row.element) row.element.hidden = false;
      if (note) note.textContent = found.length > MOST ? `The first ${MOST} of ${found.length} rows; search to narrow them.` : search.value ? `${found.length} of ${rows.length} rows` : "";
    }

    if (rows.length > SEARCHED) {
      const tools = Object.assign(document.createElement("p"), { className: "table-tools" });
      search = Object.assign(document.createElement("input"), { type: "search", placeholder: "Search these rows" });
      search.setAttribute("aria-label", `Search: ${region.getAttribute("aria-label")}`);
      search.addEventListener("input", draw);
      note = Object.assign(document.createElement("span"), { className: "note" });
      note.setAttribute("role", "status");
      tools.append(search, note);
      region.before(tools);
    }
    if (rows.length > 1 && table.tHead.rows.length === 1) {
      for (const [place, head] of [...table.tHead.rows[0].cells].entries()) {
        if (head.dataset.kind === "command") continue;
        const button = Object.assign(document.createElement("button"), { type: "button", className: "sort" });
        button.append(...head.childNodes);
        head.append(button);
        button.addEventListener("click", () => {
          rising = order === place ? !rising : true;
          order = place;
          for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
          head.setAttribute("aria-sort", rising ? "ascending" : "descending");
          draw();
        });
      }
    }
    offer(region, table, chosen);
    if (table.dataset.rows) { draw(); report.onChange(draw); } else if (search || rows.length > 1) report.onChange(draw);
  }

  // A shadow at an edge says that a table goes on there.
  function hint(region) {
    const left = region.scrollLeft > 1;
    const right = region.scrollLeft + region.clientWidth < region.scrollWidth - 1;
    region.classList.toggle("more-left", left);
    region.classList.toggle("more-right", right);
  }

  function start() {
    const seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) if (isIntersecting) { for (const table of all("table", target)) enhance(table); hint(target); }
    }, { rootMargin: "300px" });
    const sized = new ResizeObserver((entries) => { for (const { target } of entries) hint(target); });
    for (const region of all(".scroll")) {
      seen.observe(region);
      sized.observe(region);
      region.addEventListener("scroll", () => hint(region), { passive: true });
    }
    addEventListener("beforeprint", () => {
      for (const table of all("details[open] table[data-rows], details[data-print] table[data-rows]")) enhance(table);
    });
  }
  return { start };
})();
