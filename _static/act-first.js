// Boxes in which the reader acts first (lenet_course/act_first.py): a guess uncovers the
// output of the cell below, lines are put in order. Kept in this browser, nowhere else.
(() => {
  "use strict";

  const memory = globalThis.LenetStorage; // _static/storage.js

  const make = (tag, props, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };
  const button = (textContent, act) => {
    const node = make("button", { type: "button", textContent });
    node.addEventListener("click", act);
    return node;
  };

  // Number of a line -> what is said of it, as it stands in the folded answer.
  function reasonsIn(answer) {
    const found = new Map();
    for (const item of answer.querySelectorAll("li")) {
      const words = (item.querySelector("p") ?? item).cloneNode(true);
      const [head, number] = /^(\d+): /.exec(words.textContent) ?? [];
      if (!number) continue;
      words.firstChild.data = words.firstChild.data.replace(head, "");
      found.set(Number(number), words);
      item.parentNode.classList.add("act-reasons");
    }
    return found;
  }

  // What both kinds need: their lines, the folded answer, a place to speak, a memory.
  function parts(box) {
    const list = box.querySelector("ol");
    const answer = box.querySelector("details");
    const lines = [...list.children];
    const reasons = reasonsIn(answer);
    const said = make("div", { className: "act-said" });
    const key = `lenet-inside-out:act-first:${box.dataset.id}`;
    said.setAttribute("role", "status");
    lines.forEach((line, i) => (line.value = i + 1));
    return {
      list,
      answer,
      lines,
      kept: memory.read(key),
      keep: (value) => memory.write(key, value),
      place: (...controls) => answer.before(make("div", { className: "act-row" }, ...controls), said),
      say(tone, head, number) {
        const mark = { good: "✓ ", look: "→ " }[tone] ?? "";
        const reason = reasons.get(number)?.cloneNode(true).childNodes ?? [];
        said.className = `act-said act-${tone}`;
        said.replaceChildren(make("strong", { textContent: mark + head }), " ", ...reason);
      },
    };
  }

  // ---- Predict, then see ----

  function predict(box) {
    const things = [...document.querySelectorAll(".act-first, div.cell")];
    const output = things[things.indexOf(box) + 1]?.querySelector(".cell_output");
    if (!output) return;
    const { answer, lines, kept, keep, place, say } = parts(box);
    const right = Number(box.dataset.right);
    const peek = button("Show without a guess", () => see(0));
    const again = button("Cover it again", () => {
      keep(null);
      cover();
      choices[0].focus();
    });
    const said = lines.map((line) => line.textContent.trim());
    const note = make("p", { className: "act-cover", textContent: "Covered until you predict." });
    const choices = lines.map((line, i) => {
      const choice = button("", () => note.isConnected && see(i + 1));
      choice.append(...(line.querySelector("p") ?? line).childNodes);
      line.replaceChildren(choice);
      return choice;
    });

    function cover() {
      output.hidden = answer.hidden = again.hidden = true;
      peek.hidden = false;
      output.before(note);
      choices.forEach((choice) => choice.removeAttribute("aria-pressed"));
      say("none", "");
    }

    // What was predicted: a choice's number, or 0 for nothing.
    function see(number) {
      const from = document.activeElement;
      keep({ number });
      output.hidden = answer.hidden = again.hidden = false;
      peek.hidden = answer.open = true;
      note.remove();
      // What scrolls must be reachable by keyboard; hidden, it had no width (a11y.js).
      for (const part of output.querySelectorAll(".text_html, pre")) {
        if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
      }
      choices.forEach((choice, i) => choice.setAttribute("aria-pressed", i + 1 === number));
      if (number === right) say("good", "As you predicted.");
      else if (number) say("look", `You expected ${said[number - 1]}; it is ${said[right - 1]}.`, number);
      else say("none", `It is ${said[right - 1]}.`);
      if (from === peek) again.focus(); // which is gone
    }

    place(peek, again);
    cover();
    if (kept && Number.isInteger(kept.number)) see(kept.number);
  }

  // ---- Put the lines in order ----

  function order(box) {
    const { list, answer, lines, kept, keep, place, say } = parts(box);
    const ways = box.dataset.right.split(",").map((way) => way.split(" ").map(Number));
    const now = () => [...list.children].map((line) => line.value);
    const fitting = (way, found) => {
      const first = found.findIndex((number, i) => number !== way[i]);
      return first < 0 ? found.length : first;
    };

    function check() {
      const found = now();
      const first = Math.max(...ways.map((way) => fitting(way, found)));
      keep({ order: found });
      answer.open = first === found.length;
      if (answer.open) say("good", "In order.");
      else say("look", `Not yet: line ${found[first]} stands too early.`, found[first]);
    }

    function moved(line) {
      const place = now().indexOf(line.value) + 1;
      say("none", `Line ${line.value} is now at place ${place} of ${lines.length}.`);
    }

    function move(line, up, focus) {
      const other = up ? line.previousElementSibling : line.nextElementSibling;
      if (!other) return;
      if (up) other.before(line);
      else other.after(line);
      focus.focus(); // moving took it away
      moved(line);
    }

    for (const line of lines) {
      const words = make("div", {}, ...line.childNodes);
      const arrow = (sign, name, up) => {
        const node = button(sign, () => move(line, up, node));
        node.setAttribute("aria-label", `Move ${line.value} ${name}: ${words.textContent.trim()}`);
        return node;
      };
      const arrows = [arrow("↑", "up", true), arrow("↓", "down", false)];
      line.append(make("div", { className: "act-line" }, words, ...arrows));
      line.draggable = true;
      line.addEventListener("keydown", (event) => {
        if (!["ArrowUp", "ArrowDown"].includes(event.key)) return;
        event.preventDefault();
        move(line, event.key === "ArrowUp", event.target);
      });
      line.addEventListener("dragstart", (event) => {
        event.dataTransfer.effectAllowed = "move";
        line.classList.add("act-held");
      });
      line.addEventListener("dragend", () => {
        line.classList.remove("act-held");
        moved(line);
      });
    }
    list.addEventListener("dragover", (event) => {
      const held = list.querySelector(".act-held");
      const over = event.target.closest("li");
      if (!held) return;
      event.preventDefault();
      if (!over || over === held) return;
      const { top, height } = over.getBoundingClientRect();
      if (event.clientY < top + height / 2) over.before(held);
      else over.after(held);
    });
    place(button("Check", check));
    const known = Array.isArray(kept?.order) && kept.order.map((number) => lines[number - 1]);
    if (known && new Set(known).size === lines.length && known.every(Boolean)) {
      list.append(...known);
      check();
    }
  }

  const begin = () => {
    document.querySelectorAll('[data-act="predict"]').forEach(predict);
    document.querySelectorAll('[data-act="order"]').forEach(order);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
