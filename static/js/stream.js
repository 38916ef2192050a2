// Fragments of the page's stream replace their panels by morphing: focus and what was typed survive.
"use strict";

document.addEventListener("htmx:sse:before:message", ({ detail }) => {
  const { event, data } = detail.message;
  if (!event) return;
  for (const target of document.querySelectorAll(`[data-on="${CSS.escape(event)}"]`)) {
    detail.waitUntil(htmx.swap({ sourceElement: target, target, text: data, swap: "outerMorph" }));
  }
});

// A first connection that fails is not tried again by the extension.
let tries = 0;
const again = ({ detail }) => {
  const source = detail.ctx?.sourceElement;
  const url = source?.getAttribute?.("hx-sse:connect");
  if (!url || source._htmx?.sse) return;
  setTimeout(() => source.isConnected && htmx.ajax("GET", url, { source, swap: "none" }), Math.min(500 * 2 ** tries++, 3000));
};
document.addEventListener("htmx:response:error", again);
document.addEventListener("htmx:error", again);

// Stale is visible: the whole page says so when its server is gone for longer than a hiccup.
const HICCUP = 4000;
let lost = null;
const seen = () => {
  tries = 0;
  clearTimeout(lost);
  lost = null;
  document.getElementById("link-lost").hidden = true;
};
const gone = () => {
  if (lost !== null) return;
  const since = new Date();
  lost = setTimeout(() => {
    const notice = document.getElementById("link-lost");
    notice.querySelector("[data-lost]").textContent = since.toLocaleTimeString([], { hour12: false });
    notice.hidden = false;
  }, HICCUP);
};
document.addEventListener("htmx:sse:after:connection", seen);
document.addEventListener("htmx:sse:error", gone);
document.addEventListener("htmx:sse:close", gone);
