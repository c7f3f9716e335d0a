// Keeps the page as new as the store, without reloading it: asks for the board's JSON every few
// seconds (a 304 costs next to nothing), exchanges the rows of the charts in place, and adjusts
// the rest of the document so that scroll, focus and opened details stay as they were.
"use strict";

(() => {
  const PERIOD_MS = 4000;
  const PATIENCE_MS = 15000;
  const root = document.documentElement;
  const live = document.getElementById("live");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const feedUrl = document.body.dataset.feed;
  const charts = new Map();
  let etag = "";
  let feed = null;

  function say(state, words) {
    if (live.dataset.state !== state) {
      live.dataset.state = state;
      live.textContent = words;
    }
  }

  function sameKind(left, right) {
    return left.nodeType === right.nodeType && left.nodeName === right.nodeName &&
      (left.id || "") === (right.id || "");
  }

  function adjustAttributes(old, fresh) {
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
  }

  function adjust(old, fresh) {
    if (old.nodeType === Node.TEXT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE || old.hasAttribute("data-keep")) return;
    adjustAttributes(old, fresh);
    adjustChildren(old, fresh);
  }

  function adjustChildren(old, fresh) {
    const wanted = [...fresh.childNodes];
    wanted.forEach((node, at) => {
      const present = old.childNodes[at];
      if (!present) old.appendChild(node);
      else if (sameKind(present, node)) adjust(present, node);
      else present.replaceWith(node);
    });
    while (old.childNodes.length > wanted.length) old.lastChild.remove();
  }

  function replaceWithin(element, html) {
    if (!element) return;
    const parsed = new DOMParser().parseFromString(html, "text/html");
    adjustChildren(element, parsed.body);
  }

  async function drawFigure(figure) {
    const holder = document.getElementById(`chart-${figure.id}`);
    if (!holder) return;
    const key = `${dark.matches}${JSON.stringify(figure.spec)}`;
    const known = charts.get(figure.id);
    if (known && known.key === key && known.holder === holder) {
      for (const [name, rows] of Object.entries(figure.data)) known.view.data(name, rows);
      await known.view.runAsync();
      return;
    }
    if (known) known.finalize();
    holder.style.minHeight = `${holder.dataset.height}px`;
    const made = await window.vegaEmbed(holder.firstElementChild, { ...figure.spec, datasets: figure.data }, {
      actions: false,
      ast: true,
      config: feed.themes[dark.matches ? "dark" : "light"],
      defaultStyle: false,
      logLevel: 1,
      mode: "vega-lite",
      renderer: "svg",
      tooltip: { disableDefaultStyle: true, theme: "headwind" },
    });
    charts.set(figure.id, { key, holder, view: made.view, finalize: () => made.finalize() });
  }

  function forgetLostCharts() {
    for (const [id, chart] of charts) {
      if (!chart.holder.isConnected) {
        chart.finalize();
        charts.delete(id);
      }
    }
  }

  async function draw() {
    for (const panel of feed.panels) {
      replaceWithin(document.getElementById(`panel-${panel.id}`), panel.html);
    }
    replaceWithin(document.getElementById("complete"), feed.complete);
    forgetLostCharts();
    for (const panel of feed.panels) {
      for (const figure of panel.figures) await drawFigure(figure);
    }
    root.dataset.drawn = feed.version;
  }

  async function ask() {
    const headers = etag ? { "If-None-Match": etag } : {};
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(feedUrl, { headers, cache: "no-store", signal });
    if (answer.status === 304) return;
    if (!answer.ok) throw new Error(`the page answered ${answer.status}`);
    feed = await answer.json();
    etag = answer.headers.get("ETag") || "";
    await draw();
  }

  async function poll() {
    try {
      if (!document.hidden || !feed) await ask();
      say("live", "live");
    } catch {
      say("lost", "not connected: showing the last known state");
    }
    window.setTimeout(poll, PERIOD_MS);
  }

  function closeMenus(event) {
    for (const menu of document.querySelectorAll("details.menu[open], details.about[open]")) {
      if (event.key === "Escape" || !menu.contains(event.target)) menu.removeAttribute("open");
    }
  }

  document.addEventListener("click", closeMenus);
  document.addEventListener("keydown", (event) => event.key === "Escape" && closeMenus(event));
  dark.addEventListener("change", () => feed && draw());
  const choices = document.getElementById("choices");
  if (choices) choices.addEventListener("change", () => choices.submit());
  root.dataset.script = "on";
  poll();
})();
