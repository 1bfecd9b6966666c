// The cards fold without this (_ext/questions.py). This adds one language at a time, a
// filter by level, and marks: they are kept in this browser, nowhere else.
(() => {
  "use strict";

  const LANGUAGE = "lenet-inside-out:questions:language";
  const MARK_NAMES = { done: ["Done", "会了"], again: ["Again", "再练"] };
  const LEVELS = {
    all: ["All", "全部"],
    basic: ["Basic", "基础"],
    intermediate: ["Intermediate", "中级"],
    advanced: ["Advanced", "高级"],
  };

  const memory = globalThis.LenetStorage; // _static/storage.js
  const progress = globalThis.LenetProgress; // _static/progress.js

  // A card's mark is how it went the last time, here, in practice or in an interview.
  const readMarks = () => new Map([...progress.items()]
    .filter(([id]) => id.startsWith("card:"))
    .map(([id, { last }]) => [id.slice(5), last === "good" ? "done" : "again"]));

  const make = (tag, props, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };

  const words = ([english, chinese]) => [
    make("span", { className: "q-en" }, english),
    make("span", { className: "q-zh", lang: "zh-Hans" }, chinese),
  ];

  const button = (names, click) => {
    const node = make("button", { type: "button" }, ...words(names));
    node.addEventListener("click", click);
    return node;
  };

  const group = (name, className, ...buttons) => {
    const node = make("div", { className }, ...buttons);
    node.setAttribute("role", "group");
    node.setAttribute("aria-label", name);
    return node;
  };

  const press = (node, on) => node.setAttribute("aria-pressed", String(on));

  const page = document.documentElement; // its data-questions: the language, by storage.js

  let marks = readMarks();

  // ---- A page of cards ----

  function startCards(cards) {
    const shown = { level: "all", again: false };
    const status = make("output");
    const repaints = [];
    const marked = (mark) => cards.filter((card) => marks.get(card.id) === mark).length;

    function paint() {
      repaints.forEach((repaint) => repaint());
      const visible = cards.filter((card) => !card.hidden).length;
      const [done, again] = [marked("done"), marked("again")];
      const open = cards.length - done - again;
      status.replaceChildren(...words([
        `${visible} of ${cards.length} shown · ${done} done, ${again} again, ${open} open`,
        `显示 ${visible} / ${cards.length} 题 · 会了 ${done}，再练 ${again}，未做 ${open}`,
      ]));
    }

    // Marking a card does not hide it: what one reads does not vanish under the hand.
    function filter(change) {
      Object.assign(shown, change);
      for (const card of cards) {
        const level = shown.level === "all" || card.matches(`.level-${shown.level}`);
        card.hidden = !level || (shown.again && marks.get(card.id) !== "again");
        const listed = document.querySelector(`.bd-sidebar-secondary a[href="#${card.id}"]`);
        if (listed) listed.parentElement.hidden = card.hidden;
      }
      paint();
    }

    function toggle(names, isOn, click) {
      const node = button(names, click);
      repaints.push(() => press(node, isOn()));
      return node;
    }

    const languages = [["en", "English"], ["zh", "中文"]].map(([language, name]) => {
      const node = toggle([name, name], () => page.dataset.questions === language, () => {
        page.dataset.questions = language;
        memory.write(LANGUAGE, language);
        paint();
      });
      node.replaceChildren(name);
      node.lang = language === "zh" ? "zh-Hans" : "en";
      return node;
    });

    const levels = Object.entries(LEVELS).map(([level, names]) =>
      toggle(names, () => shown.level === level, () => filter({ level }))
    );
    const onlyAgain = toggle(["Only again", "只看再练"], () => shown.again, () =>
      filter({ again: !shown.again })
    );

    function setMark(card, mark) {
      const id = `card:${card.id}`;
      if (marks.get(card.id) === mark) {
        marks.delete(card.id);
        progress.forget(id);
      } else {
        marks.set(card.id, mark); // also where nothing can be kept
        progress.record(id, mark === "done" ? "good" : "bad");
      }
      paint();
    }

    for (const card of cards) {
      const title = card.querySelector("h2");
      title.after(card.querySelector(".q-asked"));
      const buttons = Object.entries(MARK_NAMES).map(([mark, names]) => {
        const on = () => marks.get(card.id) === mark;
        const node = toggle(names, on, () => setMark(card, mark));
        node.dataset.mark = mark;
        return node;
      });
      const question = title.firstChild.textContent;
      card.append(group(`Your mark for: ${question}`, "q-marks", ...buttons));
    }

    // A formula wider than a phone gets a line of its own, which scrolls.
    const makeFit = (formula) => {
      if (formula.offsetWidth <= formula.closest("p, dt").clientWidth) return;
      formula.classList.add("q-wide");
      formula.tabIndex = 0;
    };
    document.addEventListener("toggle", ({ target }) => {
      if (target.open && target.closest("section.question")) {
        target.querySelectorAll("mjx-container:not([display])").forEach(makeFit);
      }
    }, true);

    // A link to a card that the filter hides shows all cards again.
    window.addEventListener("hashchange", () => {
      const target = document.querySelector(":target"); // the browser reads the address
      if (target && target.hidden) {
        filter({ level: "all", again: false });
        target.scrollIntoView();
      }
    });
    // Another window has marked a card, or this page comes back from history.
    const reread = () => {
      marks = readMarks();
      paint();
    };
    window.addEventListener("storage", reread);
    window.addEventListener("pageshow", (event) => event.persisted && reread());

    cards[0].before(make("div", { className: "q-bar" },
      group("Language", "", ...languages),
      group("Level", "", ...levels),
      group("Marks", "", onlyAgain),
      status));
    filter({});
  }

  // ---- The table of topics: how far the reader is ----

  function startTopics(table) {
    const [head, ...rows] = table.rows;
    const heading = make("th", { className: "head", scope: "col" }, "Done");
    head.append(heading);
    const ids = [...marks].filter(([, mark]) => mark === "done").map(([id]) => id);
    for (const row of rows) {
      const link = row.querySelector("a");
      const topic = link && link.href.match(/([^/]+)\.html$/)?.[1];
      const done = ids.filter((id) => !topic || id.startsWith(`${topic}-`)).length;
      row.append(make("td", {}, make(topic ? "span" : "strong", {}, done ? `${done}` : "–")));
    }
  }

  function start() {
    const cards = [...document.querySelectorAll("section.question")];
    if (cards.length) startCards(cards);
    document.querySelectorAll(".q-topics table").forEach(startTopics);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
