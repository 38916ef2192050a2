// Run… always asks; lists filter; a slider says its value; a command can be copied.
"use strict";

(() => {
  for (const form of document.querySelectorAll("[data-run-form]")) {
    const [ask, confirm, cancel] = ["[data-ask]", "[data-confirm]", "[data-cancel]"].map((s) => form.querySelector(s));
    const open = (yes) => {
      confirm.hidden = !yes;
      confirm.classList.toggle("open", yes);
      ask.hidden = yes;
      (yes ? confirm.querySelector("button") : ask).focus({ preventScroll: true });
    };
    confirm.hidden = true;
    ask.hidden = cancel.hidden = false;
    ask.addEventListener("click", () => open(true));
    cancel.addEventListener("click", () => open(false));
    form.querySelector("[data-run-which]")?.addEventListener("change", ({ target }) => {
      const chosen = target.selectedOptions[0];
      form.action = `/experiments/${target.value}/run`;
      form.querySelector("[data-run-name]").textContent = chosen.textContent;
      form.querySelector("[data-run-fault]").textContent = chosen.dataset.fault;
      form.querySelector("[data-run-look]").href = `/experiments/${target.value}`;
    });
  }

  for (const select of document.querySelectorAll("[data-submits]")) select.addEventListener("change", () => select.form.submit());

  const search = document.querySelector("[data-search]");
  if (search) {
    const none = document.querySelector("[data-no-hit]");
    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/);
      const rows = [...document.querySelectorAll("[data-searched]")];
      for (const row of rows) row.hidden = !words.every((word) => row.dataset.searched.includes(word));
      none.hidden = rows.some((row) => !row.hidden);
      none.querySelector("[data-sought]").textContent = search.value;
    };
    // The address is that of what is shown: it can be sent, and comes back with the back button.
    const look = () => {
      filter();
      const address = new URL(location.href);
      if (search.value) address.searchParams.set("q", search.value); else address.searchParams.delete("q");
      history.replaceState(history.state, "", address);
    };
    search.hidden = false;
    search.value = new URLSearchParams(location.search).get("q") ?? "";
    filter();
    search.addEventListener("input", look);
    for (const tag of document.querySelectorAll("[data-search-for]")) tag.addEventListener("click", () => { search.value = tag.dataset.searchFor; look(); search.focus(); });
  }

  document.addEventListener("input", ({ target }) => {
    for (const output of document.querySelectorAll(`[data-shows="${CSS.escape(target.id || "-")}"]`)) output.textContent = target.value;
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-copy]");
    if (button) navigator.clipboard?.writeText(button.dataset.copy).then(() => { button.textContent = "Copied"; });
  });
})();
