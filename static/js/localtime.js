// Times are the viewer's: relative ones grow, counters count, the absolute one is on hover.
"use strict";

(() => {
  const two = (n) => String(n).padStart(2, "0");
  const clock = (seconds) => {
    const whole = Math.max(0, Math.round(seconds));
    const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
  };
  const span = (seconds) => {
    const whole = Math.max(0, Math.round(seconds));
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`;
    const minutes = Math.floor(whole / 60) % 60;
    return `${Math.floor(whole / 3600)} h${minutes ? ` ${minutes} min` : ""}`;
  };
  const ago = (seconds) => {
    if (seconds < 1) return "just now";
    if (seconds < 120) return `${span(Math.floor(seconds))} ago`;
    if (seconds < 86400) return `${span(Math.floor(seconds / 60) * 60)} ago`;
    return seconds < 2 * 86400 ? "yesterday" : `${Math.floor(seconds / 86400)} days ago`;
  };
  const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };

  const tick = () => {
    const now = Date.now();
    for (const name of document.querySelectorAll("[data-viewer-zone]")) put(name, Intl.DateTimeFormat().resolvedOptions().timeZone);
    for (const element of document.querySelectorAll("time[datetime]")) {
      const at = new Date(element.dateTime);
      const passed = (now - at) / 1000;
      if ("age" in element.dataset) put(element, ago(passed));
      else if ("left" in element.dataset) put(element, clock(-passed));
      else if ("elapsed" in element.dataset) put(element, clock(passed));
      else if ("viewer" in element.dataset) put(element, `${at.toLocaleDateString("en-GB", { weekday: "short" })} ${at.toLocaleDateString("sv-SE")} ${at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`);
      else if ("clock" in element.dataset) put(element, at.toLocaleTimeString("en-GB"));
      else if (element.dataset.untilSeconds) put(element, span(Number(element.dataset.untilSeconds) - passed));
      if (element.title) element.title = `${at.toLocaleDateString("sv-SE")} ${at.toLocaleTimeString("en-GB")}`;
    }
    for (const bar of document.querySelectorAll("progress[data-from]")) {
      bar.value = Math.min(1, (now - new Date(bar.dataset.from)) / 1000 / Number(bar.dataset.seconds));
    }
  };
  tick();
  setInterval(tick, 1000);
  document.addEventListener("htmx:after:swap", tick);
})();
