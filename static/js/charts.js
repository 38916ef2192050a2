// Each signal against its tolerance: the server shapes the points, this only draws them.
"use strict";

(() => {
  if (typeof uPlot === "undefined") return;
  const marks = { armed: [], moments: [] };
  const charts = [];

  const paint = document.createElement("div");
  paint.className = "paint";
  const NAMES = ["ink", "rule", "line", "out", "band", "armed", "armedtext", "card"];
  for (const name of NAMES) paint.appendChild(document.createElement("i")).className = name;
  document.body.append(paint);
  let colours = {};
  const recolour = () => {
    colours = Object.fromEntries(NAMES.map((name, i) => [name, getComputedStyle(paint.children[i]).color]));
  };
  recolour();

  // As the server says numbers, so that a reading and its card do not differ.
  const rounded = (size, percent) => {
    if (percent ? size >= 1000 : size >= 100 || Number.isInteger(size)) return Math.round(size).toLocaleString("fr-FR");
    return percent || size >= 1 ? size.toFixed(1) : String(Number(size.toPrecision(2)));
  };
  const number = (value, unit) => {
    if (value === null || value === undefined) return "no data";
    const text = rounded(Math.abs(value), unit === "%");
    return `${value < 0 && /[1-9]/.test(text) ? "−" : ""}${text}${unit ? `\u202f${unit}` : ""}`;
  };

  // The axis shows the whole band and all the data. It grows with the data and never shrinks, so it never jumps.
  const bounds = (chart) => {
    const { low, high, values } = chart.spec;
    const asked = [low, high, ...values].filter((v) => v !== null);
    const from = chart.to ? chart.from : Date.now() / 1000 - chart.spec.span; // what has left the picture does not press it flat
    const data = chart.data[1].filter((v, i) => v !== null && (chart.data[0][i + 1] ?? Infinity) >= from);
    let min = Math.min(...asked, ...data), max = Math.max(...asked, ...data);
    if (!Number.isFinite(min)) [min, max] = [0, 1];
    if (max - min < 1e-9) max = min + 3;
    const step = nice((max - min) / 4);
    min = Math.floor(min / step + 1e-9) * step;
    max = Math.ceil(max / step + (data.some((v) => v >= max - step * 0.05) || high === max ? 0.25 : -1e-9)) * step;
    chart.min = Math.min(chart.min ?? min, min);
    chart.max = Math.max(chart.max ?? max, max);
    return [chart.min, chart.max];
  };
  const nice = (rough) => {
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  };

  const within = (spec, value) => spec.values.length ? spec.values.includes(value) : (spec.low === null || value >= spec.low) && (spec.high === null || value <= spec.high);

  const under = (chart) => (u) => {
    const { ctx, bbox } = u;
    const x = (at) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, u.valToPos(at, "x", true)));
    const y = (value) => u.valToPos(value, "y", true);
    ctx.save();
    const { low, high, values } = chart.spec;
    const exact = values.length || low === high;
    const top = high === null ? bbox.top : y(high), bottom = low === null ? bbox.top + bbox.height : y(low);
    if (!exact && (low !== null || high !== null)) {
      ctx.globalAlpha = 0.1; ctx.fillStyle = colours.band; ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
    }
    ctx.globalAlpha = 0.8; ctx.strokeStyle = colours.band; ctx.setLineDash([4 * devicePixelRatio, 5 * devicePixelRatio]);
    for (const bound of new Set([low, high, ...values])) if (bound !== null) stroke(ctx, bbox.left, y(bound), bbox.left + bbox.width, y(bound));
    ctx.setLineDash([]);
    for (const [from, to] of marks.armed) {
      const [left, right] = [x(from), x(to ?? u.scales.x.max)];
      ctx.globalAlpha = 0.1; ctx.fillStyle = colours.armed; ctx.fillRect(left, bbox.top, right - left, bbox.height);
    }
    ctx.restore();
  };
  const stroke = (ctx, x1, y1, x2, y2) => { ctx.beginPath(); ctx.moveTo(x1, y1); ctx.lineTo(x2, y2); ctx.stroke(); };

  const over = (chart) => (u) => {
    const { ctx, bbox } = u, ratio = devicePixelRatio;
    ctx.save();
    ctx.beginPath(); ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height); ctx.clip();
    outside(chart, u);
    unsettled(chart, u);
    ctx.font = `600 ${12 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
    ctx.textAlign = "left"; ctx.textBaseline = "alphabetic";
    const taken = [];
    const moments = [
      ...marks.armed.flatMap(([from, to]) => [[from, "armed", "armed"], ...(to ? [[to, "disarmed", "disarmed"]] : [])]),
      ...marks.moments,
    ].sort((a, b) => (b[1] === "armed") - (a[1] === "armed") || a[0] - b[0]); // where two words want one place, “armed” has it
    for (const [at, kind, label] of moments) {
      const left = u.valToPos(at, "x", true);
      if (left < bbox.left || left > bbox.left + bbox.width) continue;
      const hot = kind === "armed";
      ctx.strokeStyle = hot ? colours.armed : colours.ink; ctx.lineWidth = ratio; ctx.setLineDash(hot ? [] : [2 * ratio, 3 * ratio]);
      stroke(ctx, left, bbox.top, left, bbox.top + bbox.height);
      const wide = ctx.measureText(label).width + 10 * ratio;
      const start = [left + 5 * ratio, left - wide + 5 * ratio].find((from) => from >= bbox.left && from + wide <= bbox.left + bbox.width + 5 * ratio && taken.every(([a, z]) => from + wide <= a || from >= z));
      if (start === undefined) continue;
      ctx.fillStyle = hot ? colours.armedtext : colours.ink;
      ctx.fillText(label, start, bbox.top + 13 * ratio);
      taken.push([start, start + wide]);
    }
    ctx.restore();
    last(chart, u);
  };

  // What is outside is drawn again in red, and the newest value as a dot.
  const outside = (chart, u) => {
    const { ctx } = u;
    const [times, values] = chart.data;
    ctx.strokeStyle = colours.out; ctx.lineWidth = 2.5 * devicePixelRatio; ctx.lineJoin = "round";
    for (let i = 1; i < times.length; i++) {
      if (values[i] === null || values[i - 1] === null || within(chart.spec, values[i])) continue;
      stroke(ctx, u.valToPos(times[i - 1], "x", true), u.valToPos(values[i - 1], "y", true), u.valToPos(times[i], "x", true), u.valToPos(values[i], "y", true));
    }
  };
  // The newest period is still filling up: hatched.
  const unsettled = (chart, u) => {
    const [times] = chart.data, { ctx, bbox } = u;
    if (!times.length || chart.to) return;
    const newest = times[times.length - 1];
    const left = u.valToPos(newest - chart.spec.settles, "x", true), right = u.valToPos(newest, "x", true);
    ctx.save();
    ctx.beginPath(); ctx.rect(left, bbox.top, right - left, bbox.height); ctx.clip();
    ctx.globalAlpha = 0.35; ctx.strokeStyle = colours.ink; ctx.lineWidth = devicePixelRatio * 0.75;
    for (let x = left - bbox.height; x < right; x += 7 * devicePixelRatio) stroke(ctx, x, bbox.top + bbox.height, x + bbox.height, bbox.top);
    ctx.restore();
  };
  const last = (chart, u) => {
    const [times, values] = chart.data;
    const i = values.findLastIndex((v) => v !== null);
    if (i < 0) return;
    const { ctx } = u;
    ctx.fillStyle = within(chart.spec, values[i]) ? colours.line : colours.out;
    ctx.beginPath(); ctx.arc(u.valToPos(times[i], "x", true), u.valToPos(values[i], "y", true), 4 * devicePixelRatio, 0, 7); ctx.fill();
  };

  const axis = (more) => ({ stroke: () => colours.ink, grid: { stroke: () => colours.rule, width: 1 }, ticks: { show: false }, font: "12px ui-monospace, Menlo, Consolas, monospace", ...more });
  const options = (chart) => ({
    width: chart.element.clientWidth, height: chart.element.clientHeight,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    scales: {
      x: { range: () => chart.to ? [chart.from, chart.to] : [Date.now() / 1000 - chart.spec.span, Date.now() / 1000] },
      y: { range: () => bounds(chart) },
    },
    axes: [
      axis({ space: 80, size: 28, gap: 6, values: (u, ticks) => ticks.map((at) => new Date(at * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", ...(chart.spec.span < 600 ? { second: "2-digit" } : {}) })) }),
      axis({ size: 52, space: 32, values: (u, ticks) => ticks.map((v) => `${v < 0 ? "−" : ""}${Math.abs(Math.round(v * 1000) / 1000)}`) }),
    ],
    series: [{}, { stroke: () => colours.line, width: 2, spanGaps: false, points: { show: false } }],
    hooks: { drawAxes: [under(chart)], draw: [over(chart)], setCursor: [(u) => read(chart, u.cursor.idx)] },
  });

  const read = (chart, index) => {
    const output = document.getElementById(chart.element.id.replace(/-chart$/, "-reading"));
    const at = chart.data[0][index];
    if (!output) return;
    if (at === undefined) { output.textContent = ""; return; }
    const parts = Object.entries(chart.parts[index] ?? {}).map(([name, value]) => `${name} ${number(value, "")}`);
    output.textContent = [new Date(at * 1000).toLocaleTimeString("en-GB"), number(chart.data[1][index], chart.spec.unit), ...parts].join(" · ");
  };

  const apart = (chart, from, to) => to - from > chart.spec.gap;
  // Where nobody looked there is a gap: no data is not a line.
  const add = (chart, sample) => {
    const [times, values] = chart.data;
    const newest = times[times.length - 1];
    if (newest !== undefined && sample.at <= newest) {
      const known = times.indexOf(sample.at);
      if (known >= 0) { values[known] = sample.value; chart.parts[known] = sample.parts; }
      return;
    }
    if (newest !== undefined && apart(chart, newest, sample.at)) {
      times.push(newest + 0.001); values.push(null); chart.parts.push(null);
    }
    times.push(sample.at); values.push(sample.value); chart.parts.push(sample.parts);
    while (!chart.to && times.length && times[0] < Date.now() / 1000 - chart.spec.span - 120) { times.shift(); values.shift(); chart.parts.shift(); }
  };

  const draw = async (element) => {
    const span = element.closest("[data-span-from]");
    const chart = {
      element, spec: JSON.parse(element.dataset.chart), data: [[], []], parts: [],
      from: span && Number(span.dataset.spanFrom), to: span?.dataset.spanTo ? Number(span.dataset.spanTo) : null,
    };
    charts.push(chart);
    chart.plot = new uPlot(options(chart), chart.data, element);
    element.addEventListener("keydown", (event) => move(chart, event));
    element.addEventListener("focus", () => move(chart, { key: "End", preventDefault() {} }));
    element.addEventListener("blur", () => chart.plot.setCursor({ left: -10, top: -10 }));
    await load(chart);
  };
  // A list of the API to its end; null where it does not answer.
  const pages = async (url) => {
    const found = [];
    while (url) {
      const answer = await fetch(url);
      if (!answer.ok) return null;
      found.push(...await answer.json());
      url = answer.headers.get("Link")?.match(/<([^>]+)>; rel="next"/)?.[1];
    }
    return found;
  };
  // What is newer than what is known: everything at first, later what a hidden tab has missed.
  const load = async (chart) => {
    const newest = chart.data[0].length && chart.loaded ? chart.data[0][chart.data[0].length - 1] : chart.to ? chart.from : Date.now() / 1000 - chart.spec.span - 60;
    const query = new URLSearchParams({ environment: chart.spec.environment, since: new Date(newest * 1000).toISOString() });
    if (chart.to) query.set("until", new Date(chart.to * 1000).toISOString());
    const fetched = await pages(`/api/signals/${encodeURIComponent(chart.spec.query)}/samples?${query}`);
    if (!fetched) return;
    const known = chart.data[0].map((at, i) => ({ at, value: chart.data[1][i], parts: chart.parts[i] }));
    chart.data = [[], []]; chart.parts = [];
    for (const sample of [...known, ...fetched].sort((a, b) => a.at - b.at)) add(chart, sample);
    chart.loaded = true;
    redraw(chart);
  };
  // With the first sample, and the first after a gap, the server has fetched what was before it.
  const hear = (chart, sample) => {
    const newest = chart.data[0][chart.data[0].length - 1];
    if (chart.loaded && (newest === undefined || apart(chart, newest, sample.at))) return load(chart);
    add(chart, sample);
    redraw(chart);
  };
  const redraw = (chart) => chart.plot.setData(chart.data);

  const move = (chart, event) => {
    const most = chart.data[0].length - 1;
    const at = chart.plot.cursor.idx ?? most;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: most }[event.key];
    if (to === undefined || most < 0) return;
    event.preventDefault();
    const index = Math.min(most, Math.max(0, to));
    chart.plot.setCursor({ left: chart.plot.valToPos(chart.data[0][index], "x"), top: 10 });
    read(chart, index);
  };

  const adopt = (text) => Object.assign(marks, JSON.parse(text));
  const embedded = document.getElementById("marks-data");
  if (embedded) adopt(embedded.textContent);
  document.querySelectorAll("[data-chart]").forEach(draw);

  document.addEventListener("marks", ({ detail }) => { adopt(detail.data); charts.forEach(redraw); });
  document.addEventListener("sample", ({ detail }) => {
    const sample = JSON.parse(detail.data);
    for (const chart of charts) if (chart.spec.query === sample.query && !chart.to) hear(chart, sample);
  });
  document.addEventListener("htmx:sse:after:connection", () => charts.filter((chart) => chart.loaded && !chart.to).forEach(load));
  matchMedia("print").addEventListener("change", () => document.dispatchEvent(new CustomEvent("theme"))); // paper is light
  document.addEventListener("theme", () => { recolour(); charts.forEach((chart) => chart.plot.redraw(false, true)); });
  setInterval(() => { if (!document.hidden) charts.filter((chart) => !chart.to).forEach(redraw); }, 5000);
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const chart = charts.find((one) => one.element === target);
      if (chart?.plot && target.clientWidth) chart.plot.setSize({ width: target.clientWidth, height: target.clientHeight });
    }
  });
  charts.forEach((chart) => observer.observe(chart.element));
})();
