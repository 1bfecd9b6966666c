// The quiz answers by itself (lenet_course/quiz/page.py). This adds typed numbers, a
// score, and memory: what was answered is kept in this browser, nowhere else.
(() => {
  "use strict";

  const memory = globalThis.LenetStorage; // _static/storage.js
  const progress = globalThis.LenetProgress; // _static/progress.js
  const { toNumber } = globalThis.LenetAnswers; // _static/answers.js

  const make = (tag, props, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };

  function judge(box) {
    const input = box.querySelector("input");
    const notes = [...box.querySelectorAll(".lq-w")];
    const typed = toNumber(input.value);
    const near = (note) => {
      const slack = note.classList.contains("lq-r") ? Number(box.dataset.tolerance) : 0;
      const value = Number(note.dataset.value);
      return Math.abs(value - typed) <= slack + 1e-9 * Math.abs(value);
    };
    const fits = notes.find(near) || notes.find((n) => n.dataset.value === "other");
    for (const note of notes) {
      note.classList.toggle("lq-on", input.value.trim() !== "" && note === fits);
    }
  }

  // Of one fieldset: undefined while unanswered, else whether it is right.
  function result(field) {
    const shown = field.querySelector(".lq-w.lq-on");
    if (shown) return shown.classList.contains("lq-r");
    const options = [...field.querySelectorAll(".lq-o input")];
    if (!options.some((o) => o.checked)) return undefined;
    return options.every((o) => o.checked === o.hasAttribute("data-right"));
  }

  function start(quiz) {
    const key = `lenet-inside-out:quiz:${quiz.dataset.quiz}`;
    const fields = [...quiz.querySelectorAll("fieldset")];
    const marks = new Map(fields.map((field) => [field, progress.offer(
      `quiz:${field.id}`, field, field.querySelector("legend").textContent)]));
    const inputs = [...quiz.querySelectorAll("input")];
    const score = make("output");
    const again = make("button", { type: "button", textContent: "Start again" });
    const said = make("div", { className: "lq-said" });
    said.setAttribute("role", "status");
    score.setAttribute("aria-live", "off");

    const update = () => {
      const results = fields.map(result);
      const right = results.filter((r) => r === true).length;
      const open = results.filter((r) => r === undefined).length;
      score.textContent =
        `${right} of ${fields.length} right` + (open ? `, ${open} to go` : "");
      again.disabled = open === fields.length && inputs.every((i) => !i.value || i.type !== "text");
    };
    const keep = () => {
      const state = {};
      for (const i of inputs) {
        if (i.type === "text" ? i.value : i.checked) state[i.id] = i.type === "text" ? i.value : 1;
      }
      const any = Object.keys(state).length > 0;
      memory.write(key, any && { digest: quiz.dataset.digest, state });
    };
    const changed = (note, field) => {
      update();
      keep();
      if (field && result(field) !== undefined) marks.get(field)(result(field));
      said.textContent = note ? note.textContent : "";
    };

    for (const box of quiz.querySelectorAll(".lq-n")) {
      const input = box.querySelector("input");
      const enter = () => {
        judge(box);
        changed(box.querySelector(".lq-on"), box.closest("fieldset"));
      };
      box.hidden = false;
      box.querySelector("button").addEventListener("click", enter);
      input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") enter();
      });
    }
    quiz.addEventListener("change", (event) => {
      const option = event.target.closest(".lq-o");
      if (option) changed(event.target.checked ? option.querySelector(".lq-w") : null, option.closest("fieldset"));
    });
    again.addEventListener("click", () => {
      for (const i of inputs) {
        if (i.type === "text") i.value = "";
        else i.checked = false;
      }
      quiz.querySelectorAll(".lq-n").forEach(judge);
      changed(null);
      said.textContent = "All answers are cleared.";
      inputs[0].focus();
    });

    // Answers to an earlier version of the questions are answers to other questions.
    const kept = memory.read(key);
    const state = (kept && kept.digest === quiz.dataset.digest && kept.state) || {};
    for (const i of inputs) {
      if (i.type === "text") i.value = state[i.id] || "";
      else i.checked = Boolean(state[i.id]);
    }
    quiz.querySelectorAll(".lq-n").forEach(judge);
    quiz.append(make("div", { className: "lq-score" }, score, again), said);
    update();
  }

  const begin = () => document.querySelectorAll(".lq[data-quiz]").forEach(start);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
