/* Timed drills in the page, without a kernel.
 *
 * Mounts itself on every <div class="lenet-drills"></div>. Needs draw.js,
 * drills.js, drills-bank.js, which the book's build makes, and _static/progress.js.
 */
(() => {
  "use strict";

  const { element } = Draw;
  const capital = (word) => word[0].toUpperCase() + word.slice(1);
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds) % 60).padStart(2, "0")}`;
  const button = (text, onclick) => element("button", { type: "button", class: "lw-button", onclick }, text);

  function chooser(label, options) {
    const select = element("select", {}, ...options.map(([value, text]) => element("option", { value }, text)));
    return [select, element("label", {}, `${label} `, select)];
  }

  function mount(host) {
    const [level, levelField] = chooser("Level", Drills.LEVELS.map((name) => [name, capital(name)]));
    const [topic, topicField] = chooser("Topic", [["", "All topics"], ...Object.entries(Drills.TOPICS)]);
    const [size, sizeField] = chooser("Drills", [["7", "7"], ["14", "14"], ["21", "21"]]);
    const seed = element("input", { inputmode: "numeric", size: 7, placeholder: "any" });
    const stage = element("div", { class: "lw-stage" });
    let ticking = 0;
    const marks = Object.fromEntries(Object.entries(Drills.TOPICS).map(([name, title]) =>
      [name, LenetProgress.offer(`drill:${name}`, host, `Drills: ${title}`)]));

    function start() {
      const typed = Drills.toNumber(seed.value);
      const fixed = Number.isInteger(typed) && typed >= 0 && typed < 2 ** 32;
      if (seed.value.trim() && !fixed) {
        stage.replaceChildren(element("p", { class: "lw-message", "data-wrong": true, role: "alert" },
          "A seed is a whole number from 0 to 4,294,967,295; or leave it empty."));
        return;
      }
      const used = fixed && seed.value.trim() ? typed : Math.floor(Math.random() * Drills.SEEDS);
      ask({ drills: Drills.series(Number(size.value), level.value, topic.value || null, used), rows: [], seed: used });
    }

    function ask(round) {
      const drill = round.drills[round.rows.length], goal = Drills.SECONDS[drill.level];
      const begun = performance.now(), elapsed = () => (performance.now() - begun) / 1000;
      const time = element("span", { class: "lw-time", "aria-hidden": "true" });
      const tick = () => {
        time.textContent = `${clock(elapsed())} / ${clock(goal)}`;
        time.toggleAttribute("data-late", elapsed() > goal);
      };
      clearInterval(ticking);
      ticking = setInterval(tick, 500);
      tick();

      const entry = element("input", { inputmode: "decimal", autocomplete: "off", size: 12 });
      const verdict = element("div", { role: "status" });
      const send = element("button", { class: "lw-button" }, "Check");
      const give = button("Show the solution", () => finish({ right: false, text: "Shown." }));
      const form = element("form", { class: "lw-controls", onsubmit: (event) => {
        event.preventDefault();
        if (!entry.value.trim()) return entry.focus();
        const result = Drills.check(drill, entry.value);
        if (Number.isNaN(Drills.toNumber(entry.value))) {
          verdict.replaceChildren(element("p", { class: "lw-message", "data-wrong": true }, result.text));
          return entry.focus();
        }
        finish(result);
      } }, element("label", {}, "Your answer ", entry, drill.unit && ` ${drill.unit}`), send, give);

      function finish(result) {
        clearInterval(ticking);
        const seconds = elapsed();
        marks[drill.topic](result.right);
        round.rows.push({ topic: drill.topic, right: result.right, seconds });
        const words = `${result.right ? "Right." : "Not yet."} ${result.text}`.trim();
        const late = seconds > goal ? `, aim at ${goal}` : "";
        const last = round.rows.length === round.drills.length;
        const next = button(last ? "Result" : "Next drill", () => (last ? sum(round) : ask(round)));
        for (const part of [entry, send, give]) part.disabled = true;
        verdict.replaceChildren(
          element("p", { class: "lw-message", "data-wrong": !result.right }, `${words} ${Math.round(seconds)} s${late}.`),
          element("ol", { class: "lw-steps" }, ...drill.steps.map((step) => element("li", {}, step))),
          next);
        next.focus();
      }

      stage.replaceChildren(
        element("p", { class: "lw-muted" }, `${round.rows.length + 1} of ${round.drills.length} · ${Drills.TOPICS[drill.topic]} · `, time),
        element("p", { class: "lw-asked" }, drill.question), form, verdict);
      entry.focus();
    }

    function sum({ rows, drills, seed: used }) {
      const right = rows.filter((row) => row.right).length;
      const mean = rows.reduce((total, row) => total + row.seconds, 0) / rows.length;
      const lines = Object.entries(Drills.TOPICS).flatMap(([name, title]) => {
        const mine = rows.filter((row) => row.topic === name);
        if (!mine.length) return [];
        const seconds = mine.reduce((total, row) => total + row.seconds, 0) / mine.length;
        const hits = mine.filter((row) => row.right).length;
        return [element("tr", {}, element("th", { scope: "row" }, title),
          element("td", {}, `${hits} of ${mine.length}`), element("td", {}, `${Math.round(seconds)} s`))];
      });
      const heads = ["Topic", "Right", "Time each"].map((text) => element("th", { scope: "col" }, text));
      const message = element("p", { class: "lw-message", tabindex: -1 },
        `${right} of ${rows.length} right, ${Math.round(mean)} s each; the aim was ${Drills.SECONDS[drills[0].level]} s.`);
      stage.replaceChildren(message,
        element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...lines)),
        element("p", { class: "lw-muted" }, `These were the drills of seed ${used}: type it above to have them again.`));
      message.focus();
    }

    // Enter held a little too long shows the verdict and does not leave it.
    host.addEventListener("keydown", (event) => {
      if (event.repeat && event.key === "Enter") event.preventDefault();
    });
    host.classList.add("lw");
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", "Timed drills");
    host.replaceChildren(
      element("div", { class: "lw-bar-top" }, levelField, topicField, sizeField,
        element("label", {}, "Seed ", seed), button("Start", start)),
      stage);
  }

  document.querySelectorAll(".lenet-drills").forEach(mount);
})();
