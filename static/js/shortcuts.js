// Shift+R rolls back what is armed; / goes to the search.
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.shiftKey && event.key.toLowerCase() === "r" && !(typing && typing.type !== "radio" && typing.type !== "range")) {
    const button = document.querySelector("#armed button.rollback:not(:disabled)") ?? document.querySelector("#run button.stop:not(:disabled)");
    if (button) { event.preventDefault(); button.click(); }
  } else if (event.key === "/" && !typing) {
    const search = document.querySelector("[data-search]");
    if (search) { event.preventDefault(); search.focus(); }
  }
});
