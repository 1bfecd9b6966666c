/* Cards that come back: what is due today, the weakest topics first, then new ones.
 *
 * Mounts itself on <div class="lenet-practice"></div>, with the first card open. Needs
 * draw.js, voice.js, asking.js, interview-bank.js, history.js, and
 * _static/storage.js and progress.js.
 */
globalThis.Practice = (() => {
  "use strict";

  const LEVELS = ["basic", "intermediate", "advanced"];

  // Of the cards seen of each topic, the share that did not go well the last time.
  function weakness(bank, items) {
    const seen = {}, weak = {};
    for (const q of bank) {
      const item = items.get(`card:${q.id}`);
      if (!item) continue;
      seen[q.topic] = (seen[q.topic] ?? 0) + 1;
      weak[q.topic] = (weak[q.topic] ?? 0) + (item.last !== "good");
    }
    return Object.fromEntries(Object.keys(seen).map((topic) => [topic, weak[topic] / seen[topic]]));
  }

  // What to ask, in this order: due cards, of the weakest topics and the longest waiting
  // first; then new ones, those that are asked most often first, then the basic ones.
  function queue(bank, items, day) {
    const weak = weakness(bank, items), of = (q) => items.get(`card:${q.id}`);
    const due = bank.filter((q) => of(q)?.due <= day).sort((a, b) =>
      weak[b.topic] - weak[a.topic] || (of(a).due < of(b).due ? -1 : of(a).due > of(b).due ? 1 : 0));
    const fresh = bank.filter((q) => !of(q)).sort((a, b) =>
      b.asked - a.asked || LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
    return { due, fresh };
  }

  return { queue, weakness };
})();
(() => {
  "use strict";

  if (!globalThis.document || !globalThis.Asking) return;
  const { element } = Draw, { say, at, button, fresh } = Asking;
  const LANGUAGE = "lenet-inside-out:questions:language", DRAFT = "lenet-inside-out:practice-draft";
  const memory = globalThis.LenetStorage, progress = globalThis.LenetProgress;
  const AGAIN_AFTER = 5, AIM = 30; // cards between a miss and its return; seconds
  const NAMES = {
    state: ["{due} due today · {known} of {all} went well the last time", "今天到期 {due} 题 · {all} 题中有 {known} 题上次答好了"],
    due: ["Due", "到期"], fresh: ["New", "新题"], topic: ["Topic", "主题"], topics: ["All topics", "全部主题"], language: ["Language", "语言"],
    back: ["It comes back on {day}.", "下次出现：{day}。"], soon: ["It comes back in a moment.", "稍后会再出现。"],
    skip: ["Another one", "换一题"], often: ["in public lists: {n}", "公开题单中出现 {n} 次"],
    end: ["Nothing is due and nothing is new here. Choose another topic, or come back tomorrow.", "这里没有到期的题，也没有新题。换个主题，或者明天再来。"],
    elsewhere: ["Due in the chapters", "章节里到期的"], weak: ["Your topics, the weakest first", "各主题掌握情况，弱项在前"],
    share: ["{good} of {seen} seen went well, {all} cards", "看过 {seen} 题，答好 {good} 题，共 {all} 题"],
    card: ["The whole card", "完整卡片"],
  };

  function mount(host) {
    const { topics, levels, questions } = globalThis.InterviewBank;
    const stage = element("div", { class: "lw-stage" }), bar = element("div", { class: "lw-bar-top" });
    const note = element("p", { class: "lw-muted", role: "status" }), state = element("p", { class: "lw-muted" });
    const below = element("div", {});
    let language = memory.language(), topic = "", waiting = [], stop = () => {};
    const name = (key, values = {}) => NAMES[key][at(language)].replace(/\{(\w+)\}/g, (_, k) => values[k]);

    function fill() {
      const bank = questions.filter((q) => !topic || q.topic === topic);
      const { due, fresh: more } = Practice.queue(bank, progress.items(), progress.today());
      waiting = [...due, ...more];
      const { id: begun, text, shown } = memory.read(DRAFT) ?? {}; // that goes on
      if (text || shown) waiting.sort((a, b) => (b.id === begun) - (a.id === begun));
    }

    function show() {
      const items = progress.items(), of = (q) => items.get(`card:${q.id}`);
      const due = questions.filter((q) => of(q)?.due <= progress.today()).length;
      const known = questions.filter((q) => of(q)?.last === "good").length;
      state.textContent = name("state", { due, known, all: questions.length });
      below.replaceChildren(...elsewhere(items), ...table(items), ...MockHistory.curve(language));
    }

    function next() {
      stop();
      const q = waiting[0];
      show();
      if (!q) return stage.replaceChildren(element("p", { class: "lw-message" }, name("end")));
      const kept = memory.read(DRAFT);
      const draft = Asking.draftFrom(kept?.id === q.id ? kept : fresh(), q);
      const kind = progress.items().has(`card:${q.id}`) ? "due" : "fresh";
      const often = q.asked ? ` · ${name("often", { n: q.asked })}` : "";
      stop = Asking.ask(stage, q, {
        language, aim: AIM, draft, keep: () => memory.write(DRAFT, { id: q.id, ...draft }),
        head: `${name(kind)} · ${topics[q.topic][at(language)]} · ${levels[q.level][at(language)]}${often}`,
        done: ({ ticks }) => finish(q, ticks),
      });
      stage.append(element("div", { class: "lw-controls" },
        button(name("skip"), () => { memory.write(DRAFT, null); waiting.push(waiting.shift()); note.textContent = ""; next(); }, { class: "lw-button lw-quiet" }),
        element("a", { href: Asking.address(q) }, name("card"))));
    }

    function finish(q, ticks) {
      const result = ticks.length === Asking.FULL ? "good" : ticks.length > 1 ? "part" : "bad";
      const { due } = progress.record(`card:${q.id}`, result);
      memory.write(DRAFT, null);
      waiting.shift();
      if (result === "bad") waiting.splice(AGAIN_AFTER, 0, q);
      note.textContent = result === "bad" ? name("soon") : name("back", { day: due });
      next();
    }

    function elsewhere(items) {
      const rows = [...items].filter(([id, item]) => !id.startsWith("card:") && item.due <= progress.today()
        && typeof item.title === "string" && /^[\w/-]+\.html(#[\w.-]*)?$/.test(item.href));
      if (!rows.length) return [];
      return [element("p", { class: "lw-caption" }, name("elsewhere")), element("ul", {}, ...rows.slice(0, 20).map(([, { href, title }]) =>
        element("li", {}, element("a", { href: `../${href}`, lang: "en" }, title))))];
    }

    function table(items) {
      const weak = Practice.weakness(questions, items);
      const order = Object.keys(weak).sort((a, b) => weak[b] - weak[a]);
      if (!order.length) return [];
      const rows = order.map((key) => {
        const mine = questions.filter((q) => q.topic === key), seen = mine.filter((q) => items.has(`card:${q.id}`));
        const good = seen.filter((q) => items.get(`card:${q.id}`).last === "good").length;
        return element("tr", {}, element("th", { scope: "row" }, topics[key][at(language)]),
          element("td", {}, name("share", { good, seen: seen.length, all: mine.length })));
      });
      return [element("p", { class: "lw-caption" }, name("weak")), element("table", {}, element("tbody", {}, ...rows))];
    }

    function controls() {
      const choose = (label, options, value, change) => {
        const select = element("select", {}, ...options.map(([key, text]) => element("option", { value: key }, text)));
        select.value = value;
        select.onchange = () => { change(select.value); note.textContent = ""; fill(); next(); };
        return element("label", {}, `${label} `, select);
      };
      const named = Object.entries(topics).map(([key, names]) => [key, names[at(language)]]);
      host.setAttribute("lang", Asking.speech(language));
      bar.replaceChildren(
        choose(name("topic"), [["", name("topics")], ...named], topic, (value) => (topic = value)),
        choose(name("language"), [["en", "English"], ["zh", "中文"]], language, (value) => {
          language = value;
          memory.write(LANGUAGE, language);
          controls();
          bar.querySelectorAll("select")[1].focus();
        }),
        state);
    }

    host.classList.add("lw");
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", "Practice");
    host.replaceChildren(bar, note, stage, below);
    Asking.shortcuts(stage);
    controls();
    fill();
    next();
  }

  document.querySelectorAll(".lenet-practice").forEach(mount);
})();
