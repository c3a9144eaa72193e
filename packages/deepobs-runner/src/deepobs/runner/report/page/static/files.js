"use strict";
// Files that the page gives: numbers as CSV, and anything that has an address.
const files = (() => {
  // A text that a spreadsheet would run as a formula gets an apostrophe before it.
  const text = (value) => typeof value === "string" && /^[=+\-@\t\r]/.test(value) && Number.isNaN(Number(value)) ? `'${value}` : value;
  const field = (value) => value === null || value === undefined ? "" : /[",\n\r]/.test(String(text(value))) ? `"${String(text(value)).replaceAll('"', '""')}"` : String(text(value));

  function download(name, address) {
    const link = Object.assign(document.createElement("a"), { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
  }

  function csv(name, { head, rows }) {
    const lines = [head, ...rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
    const address = URL.createObjectURL(new Blob(["\ufeff", lines], { type: "text/csv;charset=utf-8" }));
    download(`${name}.csv`, address);
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
  return { csv, download };
})();
