/* The mock interview in the page, without a kernel: the twin of interview.session.
 *
 * Mounts itself on <div class="lenet-interview"></div>. Needs draw.js, drills.js (for
 * its random stream), interview-bank.js, which the book's build makes of the bank, and
 * _static/storage.js, which every page of the book has.
 * What is typed stays in this browser, and is only ever shown as text.
 */
globalThis.MockInterview = (() => {
  "use strict";

  const LEVELS = ["basic", "intermediate", "advanced"];
  const SCORES = ["Missed", "In part", "Said it"];

  // As session.mock: spread over the topics, the basic ones first.
  function draw(bank, n, seed, topic, level) {
    const waiting = bank.filter((q) => (!topic || q.topic === topic) && (!level || q.level === level));
    const stream = new Drills.Stream(seed);
    for (let i = waiting.length - 1; i > 0; i--) {
      const j = stream.below(i + 1);
      [waiting[i], waiting[j]] = [waiting[j], waiting[i]];
    }
    const rounds = {};
    const asked = waiting.map((q) => ({ q, round: (rounds[q.topic] = (rounds[q.topic] ?? 0) + 1) }));
    const chosen = asked.sort((a, b) => a.round - b.round).slice(0, n); // sort is stable
    return chosen.map(({ q }) => q).sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  }

  return { LEVELS, SCORES, draw };
})();
(() => {
  "use strict";

  if (!globalThis.document || !globalThis.Draw) return;
  const { element } = Draw, { LEVELS, SCORES } = MockInterview;
  const KEY = "lenet-inside-out:interview", AIM = 30, DAY = 86400;
  const capital = (word) => word[0].toUpperCase() + word.slice(1);
  const button = (text, onclick, extra = {}) =>
    element("button", { type: "button", class: "lw-button", onclick, ...extra }, text);
  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s) % 60).padStart(2, "0")}`;

  const memory = globalThis.LenetStorage;

  // HTML of the book's own bank; formulas by the MathJax of the page.
  function words(tag, html, attributes = {}) {
    const node = element(tag, attributes);
    node.innerHTML = html;
    return node;
  }
  const typeset = (node) => globalThis.MathJax?.typesetPromise?.([node]);

  function chooser(label, options) {
    const select = element("select", {}, ...options.map(([value, text]) => element("option", { value }, text)));
    return [select, element("label", {}, `${label} `, select)];
  }

  function mount(host) {
    const { topics, questions } = globalThis.InterviewBank;
    const byId = new Map(questions.map((q) => [q.id, q]));
    const stage = element("div", { class: "lw-stage" });
    let ticking = 0;

    const [size, sizeField] = chooser("Questions", [["5", "5"], ["10", "10"], ["20", "20"]]);
    const [topic, topicField] = chooser("Topic", [["", "All topics"], ...Object.entries(topics)]);
    const [level, levelField] = chooser("Level", [["", "All levels"], ...LEVELS.map((l) => [l, capital(l)])]);
    const [language, languageField] = chooser("Language", [["en", "English"], ["zh", "中文"]]);
    size.value = "10";

    // From an older book, or not ours: only what can be an interview counts.
    function kept() {
      const s = memory.read(KEY);
      const scored = (a) => [0, 1, 2].includes(a?.score) && Number.isFinite(a.seconds) && typeof a.text === "string";
      const good = s && Array.isArray(s.ids) && s.ids.length && s.ids.every((id) => byId.has(id))
        && Array.isArray(s.answers) && s.answers.length < s.ids.length && s.answers.every(scored);
      if (!good) return null;
      const draft = s.draft ?? {};
      return {
        ids: s.ids, answers: s.answers, language: s.language === "zh" ? "zh" : "en",
        draft: {
          text: typeof draft.text === "string" ? draft.text : "",
          seconds: draft.seconds >= 0 && draft.seconds < DAY ? draft.seconds : 0,
          shown: draft.shown === true,
        },
      };
    }

    // One window asks at a time: this one is still when another goes on.
    let running = false;
    globalThis.addEventListener("storage", ({ key }) => {
      if (key !== KEY || !running) return;
      clearInterval(ticking);
      running = false;
      stage.replaceChildren(
        element("p", { role: "status" }, "This interview goes on in another window."),
        element("div", { class: "lw-controls" }, button("Go on here", () => {
          const state = kept();
          if (state) ask(state);
          else stage.replaceChildren();
        })));
    });

    const fresh = () => ({ text: "", seconds: 0, shown: false });

    function start() {
      if (running && !confirm("An interview is running. Drop it and start another?")) return;
      const seed = Math.floor(Math.random() * Drills.SEEDS);
      const asked = MockInterview.draw(questions, Number(size.value), seed, topic.value, level.value);
      ask({ ids: asked.map((q) => q.id), answers: [], language: language.value, draft: fresh() });
    }

    function ask(state) {
      running = true;
      memory.write(KEY, state);
      const q = byId.get(state.ids[state.answers.length]), { draft } = state;
      const since = performance.now() - 1000 * draft.seconds;
      const time = element("span", { class: "lw-time", "aria-hidden": "true" });
      const tick = () => {
        draft.seconds = (performance.now() - since) / 1000;
        time.textContent = `${clock(draft.seconds)} / ${clock(AIM)}`;
        time.toggleAttribute("data-late", draft.seconds > AIM);
        memory.write(KEY, state);
      };
      clearInterval(ticking);
      const box = element("textarea", { rows: 4, "aria-label": "Your answer", placeholder: "Say it aloud, or write it here",
        oninput: () => { draft.text = box.value; memory.write(KEY, state); } });
      box.value = draft.text;
      const below = element("div", { role: "status" });
      const show = button("Show the answer", () => { tick(); reveal(); });
      const asked = words("p", q.question[state.language], { class: "lw-asked", tabindex: -1, lang: state.language === "zh" ? "zh-Hans" : "en" });

      function reveal() {
        clearInterval(ticking);
        draft.shown = true;
        memory.write(KEY, state);
        show.disabled = true;
        const scores = SCORES.map((name, score) => button(name, () => {
          state.answers.push({ score, seconds: draft.seconds, text: box.value });
          state.draft = fresh();
          if (state.answers.length === state.ids.length) sum(state);
          else ask(state);
        }));
        below.replaceChildren(
          element("p", { class: "lw-message" }, `${Math.round(draft.seconds)} s; aim at ${AIM}.`),
          words("div", q.answer[state.language], { class: "lw-said", lang: state.language === "zh" ? "zh-Hans" : "en" }),
          element("p", { class: "lw-caption" }, "Then you may be asked"),
          element("ul", {}, ...q.more.map((text) => words("li", text))),
          element("p", { class: "lw-caption" }, "Wrong, and often heard"),
          element("ul", {}, ...q.flags.map(([says, why]) => words("li", `<em>${says}</em> ${why}`))),
          element("div", { class: "lw-controls", role: "group", "aria-label": "Your score" }, "Your score:", ...scores));
        typeset(below);
        scores[0].focus();
      }

      stage.replaceChildren(
        element("p", { class: "lw-muted" }, `${state.answers.length + 1} of ${state.ids.length} · ${topics[q.topic]} · ${capital(q.level)} · `, time),
        asked, box, element("div", { class: "lw-controls" }, show), below);
      typeset(asked);
      if (draft.shown) {
        time.textContent = `${clock(draft.seconds)} / ${clock(AIM)}`;
        reveal();
      } else {
        ticking = setInterval(tick, 1000);
        tick();
        box.focus();
      }
    }

    function sum({ ids, answers, language: spoken }) {
      running = false;
      memory.write(KEY, null);
      const pairs = ids.map((id, i) => [byId.get(id), answers[i]]);
      const points = (list) => list.reduce((total, [, a]) => total + a.score, 0);
      const rows = Object.entries(topics).flatMap(([name, title]) => {
        const mine = pairs.filter(([q]) => q.topic === name);
        if (!mine.length) return [];
        const seconds = mine.reduce((total, [, a]) => total + a.seconds, 0) / mine.length;
        return [element("tr", {}, element("th", { scope: "row" }, title),
          element("td", {}, `${points(mine)} of ${2 * mine.length}`), element("td", {}, `${Math.round(seconds)} s`))];
      });
      const lost = new Map();
      for (const [{ read: [href, title] }, a] of pairs) {
        if (a.score < 2) lost.set(href, { href, title, points: (lost.get(href)?.points ?? 0) + 2 - a.score });
      }
      const reread = [...lost.values()].sort((a, b) => b.points - a.points || (a.href < b.href ? -1 : 1));
      const link = (href, text) => element("a", { href }, text);
      const message = element("p", { class: "lw-message", tabindex: -1 }, `${points(pairs)} of ${2 * pairs.length} points.`);
      const review = pairs.map(([q, a]) => element("li", {},
        words("span", q.question[spoken]), ` ${SCORES[a.score]}. `,
        link(`questions/${q.topic}.html#${q.id}`, "Card"),
        ...(a.text ? [element("p", { class: "lw-typed" }, a.text)] : [])));
      stage.replaceChildren(message,
        element("table", {}, element("thead", {}, element("tr", {},
          ...["Topic", "Points", "Time each"].map((text) => element("th", { scope: "col" }, text)))), element("tbody", {}, ...rows)),
        ...(reread.length ? [element("p", { class: "lw-caption" }, "Read again"),
          element("ul", {}, ...reread.map(({ href, title }) => element("li", {}, link(href, title))))] : []),
        element("p", { class: "lw-caption" }, "What was asked"), element("ol", { class: "lw-review" }, ...review));
      typeset(stage);
      message.focus();
    }

    host.classList.add("lw");
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", "Mock interview");
    host.replaceChildren(
      element("div", { class: "lw-bar-top" }, sizeField, levelField, topicField, languageField, button("Start", start)),
      stage);
    const waiting = kept();
    if (waiting)
      stage.replaceChildren(
        element("p", {}, `An interview waits at question ${waiting.answers.length + 1} of ${waiting.ids.length}.`),
        element("div", { class: "lw-controls" }, button("Go on", () => ask(waiting)),
          button("Forget it", () => { memory.write(KEY, null); stage.replaceChildren(); })));
  }

  document.querySelectorAll(".lenet-interview").forEach(mount);
})();
