// What the reader has answered, how well, and when it should come back: cards, quiz
// questions, exercises, predictions, drills. An item that went well comes back after 1, 3,
// 7 and 21 days, one step a day; one that did not, at once. Plain on purpose: what is
// prepared for within weeks needs no fitted curve of forgetting.
globalThis.LenetProgress ??= (() => {
  "use strict";

  const memory = globalThis.LenetStorage; // _static/storage.js
  const KEY = "lenet-inside-out:practice", PAGES = "lenet-inside-out:pages";
  const OLD_MARKS = "lenet-inside-out:questions:marks"; // without a date; read once
  const STEPS = [1, 3, 7, 21];
  const DAY = /^\d{4}-\d\d-\d\d$/, PLACE = /^[\w/-]+\.html(#[\w.-]*)?$/;

  const pad = (n) => String(n).padStart(2, "0");
  const dayOf = (date) => `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const today = () => dayOf(new Date());
  function after(day, days) {
    const [y, m, d] = day.split("-").map(Number);
    return dayOf(new Date(y, m - 1, d + days));
  }

  // The next state of an item, from its last one (or none) and how it went today.
  function next(item, result, day) {
    const { step = 0, day: last } = item ?? {};
    if (result === "bad") return { step: 0, due: day, last: result, day };
    if (result === "part") return { step: Math.min(step, 1), due: after(day, 1), last: result, day };
    const up = step && last === day ? step : Math.min(step + 1, STEPS.length);
    return { step: up, due: after(day, STEPS[up - 1]), last: result, day };
  }

  // From an older book, or not ours: only what can be an item counts.
  const isItem = (i) => i && Number.isInteger(i.step) && i.step >= 0 && i.step <= STEPS.length
    && DAY.test(i.due) && DAY.test(i.day) && ["good", "part", "bad"].includes(i.last);
  const isPlace = (href) => typeof href === "string" && PLACE.test(href);

  function items() {
    const found = new Map(Object.entries(memory.read(KEY) ?? {}).filter(([, item]) => isItem(item)));
    for (const [id, mark] of Object.entries(memory.read(OLD_MARKS) ?? {})) {
      const result = { done: "good", again: "bad" }[mark];
      if (result && !found.has(`card:${id}`)) found.set(`card:${id}`, next(null, result, today()));
    }
    return found;
  }

  function keep(found) {
    memory.write(KEY, found.size > 0 && Object.fromEntries(found));
    memory.write(OLD_MARKS, null);
  }

  // `about` says where an item stands that is no card: { href, title }.
  function record(id, result, about = {}) {
    const found = items();
    found.set(id, { ...next(found.get(id), result, today()), ...about });
    keep(found);
    return found.get(id);
  }

  function forget(id) {
    const found = items();
    if (found.delete(id)) keep(found);
  }

  const due = (day = today()) => [...items()].filter(([, item]) => item.due <= day);

  // ---- What a page asks ----

  const root = () => new URL(document.documentElement.dataset.content_root ?? "./", location.href);
  const here = () => decodeURI(location.pathname).slice(decodeURI(root().pathname).length) || "index.html";
  const offered = new Set();

  function about(node, title) {
    const section = node.closest("section[id]");
    const heading = section?.querySelector("h1, h2, h3")?.cloneNode(true);
    heading?.querySelectorAll(".headerlink").forEach((link) => link.remove());
    const words = (title ?? heading?.textContent ?? "").replace(/\s+/g, " ").trim();
    return { href: `${here()}${section ? `#${section.id}` : ""}`, title: words.slice(0, 120) };
  }

  // An item of this page that can be answered here; gives what records how it went.
  function offer(id, node, title) {
    const place = about(node, title);
    offered.add(id);
    return (right) => record(id, right ? "good" : "bad", place);
  }

  // How far the reader is, page by page: { href: { title, total, day, right } }.
  function pages() {
    const right = {};
    for (const [, { href, last }] of items()) {
      const page = isPlace(href) && href.split("#")[0];
      if (page && last === "good") right[page] = (right[page] ?? 0) + 1;
    }
    const good = ([href, p]) => isPlace(href) && p && typeof p.title === "string"
      && Number.isInteger(p.total) && p.total >= 0 && Number.isFinite(p.at);
    return Object.entries(memory.read(PAGES) ?? {}).filter(good)
      .map(([href, p]) => ({ ...p, href, right: Math.min(right[href] ?? 0, p.total) }));
  }

  function visit() {
    const title = document.querySelector("article h1")?.cloneNode(true);
    if (!title || !offered.size) return;
    title.querySelectorAll(".headerlink").forEach((link) => link.remove());
    const told = { title: title.textContent.trim(), total: offered.size, at: Date.now() };
    memory.write(PAGES, { ...memory.read(PAGES), [here()]: told });
  }

  function showInContents() {
    const known = new Map(pages().map((page) => [new URL(page.href, root()).href, page]));
    for (const link of document.querySelectorAll(".bd-links a[href]")) {
      const page = known.get(link.href.split("#")[0]);
      if (!page || link.querySelector(".progress-count")) continue;
      const count = document.createElement("span");
      count.className = "progress-count";
      count.textContent = page.right === page.total ? "✓" : `${page.right}/${page.total}`;
      count.title = `${page.right} of ${page.total} answered right here`;
      link.append(" ", count);
    }
  }

  function showWhereToGoOn() {
    const line = document.querySelector(".lenet-continue");
    const open = pages().filter((page) => page.right < page.total).sort((a, b) => b.at - a.at)[0];
    const waiting = due().length;
    if (!line || !(open || waiting)) return;
    const link = (href, text) => Object.assign(document.createElement("a"), { href: new URL(href, root()).href, textContent: text });
    if (open) line.append("Continue with ", link(open.href, open.title), `, ${open.right} of ${open.total} answered right. `);
    if (waiting) line.append(link("chapters/practice.html", `${waiting} due for practice today`), ".");
    line.hidden = false;
  }

  function begin() {
    visit();
    showInContents();
    showWhereToGoOn();
  }
  // After all that asks on this page has said so.
  if (globalThis.document) addEventListener("load", begin);

  return { STEPS, next, items, record, forget, due, today, after, offer, pages };
})();
