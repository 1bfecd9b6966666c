// Where a notebook says "not attempted yet" the page asks: a field for what can be typed
// (judged by answers.js), or for code (code.js), the way to Colab for what needs PyTorch.
(() => {
  "use strict";

  const { judge } = globalThis.LenetAnswers;
  const memory = globalThis.LenetStorage; // _static/storage.js

  const make = (tag, props, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };

  const dots = (value) =>
    Array.isArray(value) ? `[${value.map((v) => (Array.isArray(v) ? dots(v) : "…")).join(", ")}]` : "…";
  const ADVICE = {
    number: () => "a number, or a sum such as 6 * 26",
    shape: ({ right, names }) => (names.length ? names : right.map(() => "…")).join(", "),
    tables: ({ right }) => right.map(dots).join(", "),
    choice: () => "choose one",
  };

  function field(form, id) {
    if (form.kind === "choice") {
      const words = ["", ...form.words].map((word) => make("option", { value: word, textContent: word }));
      return make("select", { id }, ...words);
    }
    return make(form.kind === "number" ? "input" : "textarea", {
      id,
      rows: form.kind === "tables" ? 3 : 1,
      autocomplete: "off",
      spellcheck: false,
    });
  }

  function ask(box) {
    const form = JSON.parse(box.dataset.form);
    if (form.kind === "code") return globalThis.LenetCode.ask(box, form, elsewhere);
    const name = box.dataset.exercise;
    const id = `answer-${name.replace(".", "-")}`;
    const key = `lenet-inside-out:exercise:${name}`;
    const input = field(form, id);
    const said = make("p", { className: "lx-said" });
    const advice = make("small", { id: `${id}-how`, textContent: ADVICE[form.kind](form) });
    input.setAttribute("aria-describedby", advice.id);
    said.setAttribute("role", "status");

    const mark = globalThis.LenetProgress.offer(`exercise:${name}`, box);

    const show = () => {
      const typed = input.value.trim();
      const verdict = typed && judge(form, typed);
      said.className = `lx-said${verdict ? (verdict.right ? " lx-good" : " lx-look") : ""}`;
      said.innerHTML = verdict
        ? `<strong>${verdict.right ? "✓ Correct." : "→ Not yet."}</strong> ${verdict.said}`
        : "";
      return { typed, verdict };
    };
    const answer = () => {
      const { typed, verdict } = show();
      memory.write(key, typed && { typed, right: verdict.right });
      if (verdict) mark(verdict.right);
    };
    const sheet = make(
      "form",
      { className: "lx-ask" },
      make("label", { htmlFor: id, textContent: "Your answer" }),
      input,
      make("button", { textContent: "Check" }),
      advice,
      said,
    );
    sheet.addEventListener("submit", (event) => {
      event.preventDefault();
      answer();
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      answer();
    });
    input.addEventListener("change", () => form.kind === "choice" && answer());
    const kept = memory.read(key)?.typed;
    if (typeof kept === "string") {
      input.value = kept;
      show();
    }
    box.replaceWith(sheet);
  }

  // Where else the chapter runs; the page's own button knows the way to Colab.
  function elsewhere(why) {
    const way = document.querySelector('a[href^="https://colab."]');
    const note = make("p", { className: "lx-run" }, why);
    if (way) note.append(make("a", { href: way.href, textContent: "open this chapter in Colab" }), ", or ");
    note.append("run it as a notebook.");
    return note;
  }

  function send(box) {
    const note = elsewhere("The page cannot judge this one: ");
    if (box.dataset.status === "not yet") box.after(note);
    else box.replaceWith(note);
  }

  const begin = () => {
    document.querySelectorAll(".lx[data-form]").forEach(ask);
    const rest = '.lx[data-status="not attempted"], .lx[data-status="not yet"]';
    document.querySelectorAll(rest).forEach(send);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
