/* The mock interview in the page, without a kernel: the twin of interview.session.
 *
 * Mounts itself on <div class="lenet-interview"></div>. Needs draw.js, drills.js (for
 * its random stream), interview-bank.js, which the book's build makes of the bank,
 * voice.js, asking.js, history.js, and _static/storage.js and progress.js, which every
 * page of the book has. What is typed stays in this browser, and is only ever shown as text.
 */
globalThis.MockInterview = (() => {
  "use strict";

  const LEVELS = ["basic", "intermediate", "advanced"];

  const belongs = (q, round) =>
    round.kinds.includes(q.kind) && round.levels.includes(q.level) && (!round.often || q.asked > 0);

  // What a round may ask.
  const candidates = (bank, round, topic, level) =>
    bank.filter((q) => belongs(q, round) && (!topic || q.topic === topic) && (!level || q.level === level));

  // As session.mock: spread over the topics, no near twins, the basic ones first.
  function draw(bank, n, seed, round, topic, level) {
    const waiting = candidates(bank, round, topic, level);
    const stream = new Drills.Stream(seed);
    for (let i = waiting.length - 1; i > 0; i--) {
      const j = stream.below(i + 1);
      [waiting[i], waiting[j]] = [waiting[j], waiting[i]];
    }
    const turns = {};
    const asked = waiting.map((q) => ({ q, turn: (turns[q.topic] = (turns[q.topic] ?? 0) + 1) }));
    const chosen = [];
    for (const { q } of asked.sort((a, b) => a.turn - b.turn)) { // sort is stable
      if (chosen.length < n && !chosen.some((other) => q.apart.includes(other.id))) chosen.push(q);
    }
    return chosen.sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  }

  // Points of these answers and the best there could be, follow-ups included.
  function points(pairs) {
    const got = ({ ticks, followed }) => ticks.length + followed.filter(Boolean).length;
    return {
      got: pairs.reduce((sum, [, a]) => sum + got(a), 0),
      best: pairs.reduce((sum, [q, a]) => sum + Object.keys(q.points).length + a.followed.length, 0),
    };
  }

  return { LEVELS, candidates, draw, points };
})();
(() => {
  "use strict";

  if (!globalThis.document || !globalThis.Asking) return;
  const { element } = Draw, { LEVELS, candidates, points } = MockInterview;
  const { say, at, button, words, typeset, fresh, draftFrom } = Asking;
  const KEY = "lenet-inside-out:interview", LANGUAGE = "lenet-inside-out:questions:language";
  const memory = globalThis.LenetStorage;
  const NAMES = {
    questions: ["Questions", "题数"], topic: ["Topic", "主题"], level: ["Level", "难度"], language: ["Language", "语言"],
    round: ["Round", "环节"], start: ["Start", "开始"], topics: ["All topics", "全部主题"], levels: ["All levels", "全部难度"],
    drop: ["An interview is running. Drop it and start another?", "面试还在进行。放弃它，重新开始？"],
    none: ["No such questions. Choose another topic or level.", "没有这样的题目，换个主题或难度。"],
    elsewhere: ["This interview goes on in another window.", "这场面试在另一个窗口继续。"],
    here: ["Go on here", "在这里继续"], go: ["Go on", "继续"], forget: ["Forget it", "放弃"],
    waits: ["An interview waits at question {here} of {all}.", "有一场面试停在第 {here} 题（共 {all} 题）。"],
    points: ["Points", "得分"], time: ["Time each", "每题用时"], asked: ["What was asked", "问了什么"], card: ["Card", "卡片"],
    of: ["{got} of {best}", "{got} / {best}"],
  };

  function chooser(label, options, value) {
    const select = element("select", {}, ...options.map(([key, text]) => element("option", { value: key }, text)));
    select.value = value;
    return [select, element("label", {}, `${label} `, select)];
  }

  function mount(host) {
    const { topics, levels, rounds, questions } = globalThis.InterviewBank;
    const byId = new Map(questions.map((q) => [q.id, q]));
    const stage = element("div", { class: "lw-stage" });
    const bar = element("div", { class: "lw-bar-top" });
    let language = memory.language(), running = false, stop = () => {};
    const name = (key, values = {}) => NAMES[key][at(language)].replace(/\{(\w+)\}/g, (_, k) => values[k]);

    function controls(chosen = { round: "mixed", size: "", level: "", topic: "" }) {
      const named = (all) => Object.entries(all).map(([key, names]) => [key, (names.name ?? names)[at(language)]]);
      const size = (n) => [[String(n), String(n)], ...["5", "10", "20"].filter((s) => s !== String(n)).map((s) => [s, s])];
      const [round, roundField] = chooser(name("round"), named(rounds), chosen.round);
      const sizes = size(rounds[round.value].n);
      const [count, countField] = chooser(name("questions"), sizes, chosen.size || sizes[0][0]);
      const [level, levelField] = chooser(name("level"), [["", name("levels")], ...named(levels)], chosen.level);
      const [topic, topicField] = chooser(name("topic"), [["", name("topics")], ...named(topics)], chosen.topic);
      const [spoken, spokenField] = chooser(name("language"), [["en", "English"], ["zh", "中文"]], language);
      const now = () => ({ round: round.value, size: count.value, level: level.value, topic: topic.value });
      round.onchange = () => { controls({ ...now(), size: "" }); bar.querySelector("select").focus(); };
      spoken.onchange = () => {
        language = spoken.value;
        memory.write(LANGUAGE, language);
        controls(now());
        bar.querySelectorAll("select")[4].focus();
      };
      host.setAttribute("lang", Asking.speech(language));
      bar.replaceChildren(roundField, countField, levelField, topicField, spokenField, button(name("start"), () => start(now())));
    }

    // From an older book, or not ours: only what can be an interview counts.
    function kept() {
      const s = memory.read(KEY);
      const scored = (a, i) => Array.isArray(a?.ticks) && a.ticks.every((t) => Object.hasOwn(byId.get(s.ids[i])?.points ?? {}, t))
        && Array.isArray(a.followed) && a.followed.every((f) => typeof f === "boolean")
        && Number.isFinite(a.seconds) && typeof a.text === "string";
      const good = s && Array.isArray(s.ids) && s.ids.length && s.ids.every((id) => byId.has(id))
        && Array.isArray(s.answers) && s.answers.length < s.ids.length && s.answers.every(scored);
      if (!good) return null;
      const round = Object.hasOwn(rounds, s.round) ? s.round : "mixed";
      const spoken = s.language === "zh" ? "zh" : "en";
      const draft = draftFrom(s.draft, byId.get(s.ids[s.answers.length]));
      return { ids: s.ids, answers: s.answers, round, language: spoken, draft };
    }

    // One window asks at a time: this one is still when another goes on.
    globalThis.addEventListener("storage", ({ key }) => {
      if (key !== KEY || !running) return;
      stop();
      running = false;
      stage.replaceChildren(
        element("p", { role: "status" }, name("elsewhere")),
        element("div", { class: "lw-controls" }, button(name("here"), () => {
          const state = kept();
          if (state) ask(state);
          else stage.replaceChildren();
        })));
    });

    function start({ round, size, level, topic }) {
      const there = candidates(questions, rounds[round], topic, level);
      if (!there.length) {
        stage.replaceChildren(element("p", { class: "lw-message", role: "alert" }, name("none")));
        return;
      }
      if (running && !confirm(name("drop"))) return;
      const seed = Math.floor(Math.random() * Drills.SEEDS);
      const asked = MockInterview.draw(questions, Number(size), seed, rounds[round], topic, level);
      ask({ ids: asked.map((q) => q.id), answers: [], round, language, draft: fresh() });
    }

    function ask(state) {
      stop();
      running = true;
      const keep = () => memory.write(KEY, state);
      keep();
      const q = byId.get(state.ids[state.answers.length]), there = at(state.language);
      const place = say(state.language, "place", { here: state.answers.length + 1, all: state.ids.length });
      stop = Asking.ask(stage, q, {
        language: state.language, aim: rounds[state.round].seconds, draft: state.draft, keep,
        head: `${place} · ${topics[q.topic][there]} · ${levels[q.level][there]}`,
        done({ ticks, followed, seconds, text }) {
          const share = ticks.length === Asking.FULL ? "good" : ticks.length > 1 ? "part" : "bad";
          LenetProgress.record(`card:${q.id}`, share);
          state.answers.push({ ticks, followed, seconds, text });
          state.draft = fresh();
          if (state.answers.length === state.ids.length) sum(state);
          else ask(state);
        },
      });
    }

    function sum({ ids, answers, round, language: spoken }) {
      running = false;
      memory.write(KEY, null);
      const pairs = ids.map((id, i) => [byId.get(id), answers[i]]);
      const whole = points(pairs), mark = InterviewBank.pass;
      MockHistory.add({ round, ...whole });
      const score = ({ got, best }) => name("of", { got, best });
      const rows = Object.entries(topics).flatMap(([key, titles]) => {
        const mine = pairs.filter(([q]) => q.topic === key);
        if (!mine.length) return [];
        const seconds = mine.reduce((total, [, a]) => total + a.seconds, 0) / mine.length;
        return [element("tr", {}, element("th", { scope: "row" }, titles[at(spoken)]),
          element("td", {}, score(points(mine))), element("td", {}, `${Math.round(seconds)} s`))];
      });
      const verdict = say(spoken, 100 * whole.got >= mark * whole.best ? "passed" : "failed", { mark });
      const message = element("p", { class: "lw-message", tabindex: -1 },
        `${say(spoken, "points", { points: whole.got, best: whole.best })}. ${verdict}`);
      const review = pairs.map(([q, a]) => element("li", {},
        words("span", q.question, spoken), ` ${score(points([[q, a]]))}. `,
        element("a", { href: Asking.address(q) }, name("card")),
        ...(a.text ? [element("p", { class: "lw-typed" }, a.text)] : [])));
      stage.replaceChildren(message, ...leftOut(pairs, spoken),
        element("table", {}, element("thead", {}, element("tr", {},
          ...["topic", "points", "time"].map((key) => element("th", { scope: "col" }, name(key))))), element("tbody", {}, ...rows)),
        ...reread(pairs, spoken), ...MockHistory.curve(spoken),
        element("p", { class: "lw-caption" }, name("asked")), element("ol", { class: "lw-review" }, ...review));
      typeset(stage);
      message.focus();
    }

    host.classList.add("lw");
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", "Mock interview");
    host.replaceChildren(bar, stage);
    Asking.shortcuts(stage);
    controls();
    const waiting = kept();
    if (waiting)
      stage.replaceChildren(
        element("p", {}, name("waits", { here: waiting.answers.length + 1, all: waiting.ids.length })),
        element("div", { class: "lw-controls" }, button(name("go"), () => ask(waiting)),
          button(name("forget"), () => { memory.write(KEY, null); stage.replaceChildren(); })));
  }

  // Which of the points were missing, and how often.
  function leftOut(pairs, language) {
    const times = Object.entries(InterviewBank.points).map(([point, names]) => {
      const missed = pairs.filter(([q, a]) => Object.hasOwn(q.points, point) && !a.ticks.includes(point)).length;
      return missed && say(language, "times", { name: names[at(language)], times: missed });
    }).filter(Boolean);
    return times.length ? [element("p", {}, `${say(language, "missing")}: ${times.join(", ")}.`)] : [];
  }

  // Where to read what was not said, the most to win first.
  function reread(pairs, language) {
    const lost = new Map();
    for (const pair of pairs) {
      const { got, best } = points([pair]), [href, title] = pair[0].read;
      if (got < best) lost.set(href, { href, title, points: (lost.get(href)?.points ?? 0) + best - got });
    }
    if (!lost.size) return [];
    const places = [...lost.values()].sort((a, b) => b.points - a.points || (a.href < b.href ? -1 : 1));
    return [element("p", { class: "lw-caption" }, say(language, "read")),
      element("ul", {}, ...places.map(({ href, title }) => element("li", {}, element("a", { href, lang: "en" }, title))))];
  }

  document.querySelectorAll(".lenet-interview").forEach(mount);
})();
