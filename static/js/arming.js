// Whoever arms by the keyboard is led to what was armed; where it was refused, back to the button.
"use strict";

(() => {
  const form = document.querySelector(".arm-form"), armed = () => document.getElementById("armed");
  let pressed = false;
  form?.addEventListener("submit", () => { pressed = true; });
  const lost = () => document.activeElement === document.body || form.contains(document.activeElement);
  const lead = () => {
    if (!pressed) return;
    const now = armed().classList.contains("is-armed"), refused = document.querySelector("#said.bad");
    if (!now && !refused) return;
    pressed = false;
    if (now) form.closest("details").open = false;
    if (lost()) (now ? armed() : form.querySelector("button")).focus({ preventScroll: true });
  };
  if (form) new MutationObserver(lead).observe(document.querySelector(".armed-area"), { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] });
})();
