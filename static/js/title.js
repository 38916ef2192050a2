// A background tab is still a monitor: title and icon carry the state. A page about another experiment reloads.
"use strict";

document.addEventListener("state", ({ detail }) => {
  const { title, tone, focus } = JSON.parse(detail.data);
  document.title = `${title ? `${title} — ` : ""}${document.body.dataset.title} · Game day`;
  const icon = document.querySelector("link[rel=icon]");
  const address = icon.dataset.icons.split(" ").find((one) => one.startsWith(`${tone}=`))?.slice(tone.length + 1);
  if (address && icon.getAttribute("href") !== address) icon.setAttribute("href", address);
  const busy = document.querySelector(".arming[open], [data-confirm].open");
  if (focus !== document.body.dataset.focus && !busy) location.reload();
});
