/* One question asked, answered and scored, for practice and for the mock interview.
 *
 * Needs draw.js, voice.js, interview-bank.js and _static/storage.js. What is typed is
 * only ever shown as text; the bank's own HTML is the book's.
 */
globalThis.Asking = (() => {
  "use strict";

  const { element } = globalThis.Draw ?? {};
  const FULL = 3; // points of an answer: claim, reason, number or example

  // As scoresheet.pressed: the last two after a whole answer, else the first one.
  const pressed = (q, ticks) => (ticks.length === FULL ? q.more.slice(-2) : q.more.slice(0, 1));

  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s) % 60).padStart(2, "0")}`;
  const at = (language) => (language === "zh" ? 1 : 0);
  const speech = (language) => (language === "zh" ? "zh-Hans" : "en");

  // A word of the interview, with its values: say("zh", "place", { here: 1, all: 10 }).
  function say(language, key, values = {}) {
    const text = InterviewBank.words[key][at(language)];
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  const button = (text, onclick, extra = {}) =>
    element("button", { type: "button", class: "lw-button", onclick, ...extra }, text);

  // HTML of the book's own bank; formulas by the MathJax of the page.
  function words(tag, texts, language, attributes = {}) {
    const node = element(tag, { lang: speech(language), ...attributes });
    node.innerHTML = texts[language];
    return node;
  }
  const typeset = (node) => globalThis.MathJax?.typesetPromise?.([node]);

  const fresh = () => ({ text: "", seconds: 0, shown: false, ticks: [], followed: [] });
  const list = (value) => (Array.isArray(value) ? value : []);

  // A draft that was kept, by this book or an older one; what cannot be one is left out.
  function draftFrom(kept, q) {
    const { text, seconds, shown, ticks, followed } = kept ?? {};
    return {
      text: typeof text === "string" ? text : "",
      seconds: seconds >= 0 && seconds < 86400 ? seconds : 0,
      shown: shown === true,
      ticks: list(ticks).filter((tick) => Object.hasOwn(q.points, tick)),
      followed: list(followed).filter((right) => typeof right === "boolean"),
    };
  }

  // Fills `stage` with question `q`. options: language, aim (seconds), head (text before
  // the clock), draft, keep (called when the draft changes), done (called with the
  // finished draft). Gives what stops its clock.
  function ask(stage, q, { language, aim, head, draft, keep, done }) {
    const tell = (key, values) => say(language, key, values);
    const since = performance.now() - 1000 * draft.seconds;
    const time = element("span", { class: "lw-time", "aria-hidden": "true" });
    const below = element("div", { role: "status" });
    let ticking = 0;

    function showClock() {
      time.textContent = `${clock(draft.seconds)} / ${clock(aim)}`;
      time.toggleAttribute("data-late", draft.seconds > aim);
    }
    function tick() {
      draft.seconds = (performance.now() - since) / 1000;
      showClock();
      keep();
    }
    const stop = () => clearInterval(ticking);

    const box = element("textarea", { rows: 4, "aria-label": tell("answer"), placeholder: tell("aloud"),
      oninput: () => { draft.text = box.value; keep(); } });
    box.value = draft.text;
    const show = button(tell("show"), () => { tick(); reveal(); });
    const asked = words("p", q.question, language, { class: "lw-asked" });
    const aloud = globalThis.Voice?.controls(() => asked.textContent, language, element) ?? [];

    function ticks() {
      return Object.entries(q.points).map(([point, texts]) => {
        const mark = element("input", { type: "checkbox", onchange: () => {
          draft.ticks = Object.keys(q.points).filter((p) => (p === point ? mark.checked : draft.ticks.includes(p)));
          keep();
        } });
        mark.checked = draft.ticks.includes(point);
        const name = element("strong", {}, `${InterviewBank.points[point][at(language)]}: `);
        return element("label", { class: "lw-tick" }, mark, element("span", {}, name, words("span", texts, language)));
      });
    }

    function reveal() {
      stop();
      draft.shown = true;
      keep();
      show.disabled = true;
      const marks = ticks();
      const flags = q.flags.map(([says, why]) =>
        element("li", {}, words("em", says, language), " ", words("span", why, language)));
      below.replaceChildren(
        element("p", { class: "lw-message" }, tell("aim", { seconds: Math.round(draft.seconds), aim })),
        words("div", q.answer, language, { class: "lw-said" }),
        element("fieldset", { class: "lw-ticks" }, element("legend", {}, tell("said")), ...marks),
        element("div", { class: "lw-controls" }, button(tell("next"), press)),
        element("details", {}, element("summary", {}, tell("flags")), element("ul", {}, ...flags)));
      typeset(below);
      marks[0].querySelector("input").focus();
    }

    // The next follow-up, or the end.
    function press() {
      const waiting = pressed(q, draft.ticks)[draft.followed.length];
      if (!waiting) return done(draft);
      const score = (right) => button(tell(right ? "right" : "wrong"), () => {
        draft.followed.push(right);
        keep();
        press();
      });
      const open = button(tell("show"), () => {
        const scores = [true, false].map(score);
        const more = waiting.card && InterviewBank.questions.find((card) => card.id === waiting.card);
        const link = more ? [" ", element("a", { href: address(more) }, "→")] : [];
        link[1]?.setAttribute("aria-label", more.question[language].replace(/<[^>]*>/g, ""));
        open.replaceWith(
          element("p", { class: "lw-said" }, words("span", waiting.say, language), ...link),
          element("div", { class: "lw-controls" }, ...scores));
        typeset(below);
        scores[0].focus();
      });
      const then = words("p", waiting.ask, language, { class: "lw-asked" });
      below.replaceChildren(element("p", { class: "lw-caption" }, tell("then")), then, open);
      typeset(below);
      open.focus();
    }

    stage.replaceChildren(
      element("p", { class: "lw-muted" }, `${head} · `, time), asked, box,
      element("div", { class: "lw-controls" }, show, ...aloud), below);
    typeset(asked);
    if (draft.shown) {
      showClock();
      reveal();
    } else {
      ticking = setInterval(tick, 1000);
      tick();
      box.focus({ preventScroll: true });
    }
    return stop;
  }

  // Of a card, seen from the chapters.
  const address = (q) => `questions/${q.topic}.html#${q.id}`;

  // Ctrl+Enter shows the answer from the box; the rest is ticks and buttons.
  function shortcuts(stage) {
    stage.addEventListener("keydown", (event) => {
      const typing = event.target.matches("textarea");
      const press = (node) => node && (event.preventDefault(), node.click());
      if (event.key === "Enter" && event.ctrlKey) press([...stage.querySelectorAll(".lw-button:not(.lw-quiet):enabled")][0]);
      else if (!typing && /^[1-3]$/.test(event.key)) press(stage.querySelectorAll(".lw-tick input")[event.key - 1]);
    });
  }

  return { FULL, pressed, say, at, speech, button, words, typeset, fresh, draftFrom, ask, address, shortcuts };
})();
