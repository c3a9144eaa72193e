"use strict";
// The matrix of results: what stands behind a cell is one tap, or one hover, away.
(() => {
  const panel = document.getElementById("matrix-detail");
  if (!panel) return;
  const lines = panel.querySelector("[data-lines]");
  let open;

  function close() {
    open?.setAttribute("aria-expanded", "false");
    open = undefined;
    panel.hidden = true;
  }

  document.addEventListener("click", ({ target }) => {
    const cell = target.closest("[data-detail]");
    if (cell && cell !== open) {
      close();
      open = cell;
      cell.setAttribute("aria-expanded", "true");
      lines.replaceChildren(...cell.dataset.detail.split("\n").map((text) => Object.assign(document.createElement("p"), { textContent: text })));
      panel.hidden = false;
    } else if (cell || target.closest("[data-close]")) {
      const last = open;
      close();
      last?.focus({ preventScroll: true });
    }
  });
  document.addEventListener("keydown", ({ key }) => { if (key === "Escape") close(); });
  document.addEventListener("mouseover", ({ target }) => {
    const cell = target.closest?.("[data-detail]");
    if (cell && !cell.title) cell.title = cell.dataset.detail;
  });
})();
