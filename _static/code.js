// Code typed in the page, judged there by the notebook's own checker: Python comes on the
// first click (python.js, written by _ext/page_python.py) and runs in a worker, which a
// button and the exercise's time limit end. Each run has a new one.
globalThis.LenetCode ??= (() => {
  "use strict";

  const PYTHON = new URL("python.js", document.currentScript?.src ?? location.href).href;
  const memory = globalThis.LenetStorage; // _static/storage.js
  const LOST = "lost"; // neither a verdict: Python did not come, or does not run here

  const make = (tag, props, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };

  // What stands around Brython in the worker. One from a blob has no address of its own.
  const BEFORE = 'globalThis.__BRYTHON__ = { brython_path: "http://page/" };\n';
  const AFTER = `;(${() => {
    const python = globalThis.__BRYTHON__;
    const say = (text) => python.runPythonSource(text);
    self.printed = (text) => postMessage({ printed: text });
    self.told = (status, said) => postMessage({ status, said });
    self.onmessage = ({ data: { files, task } }) => {
      if (files) {
        python.use_VFS = true;
        python.protocol = "file"; // or it asks the site for modules that it has not
        python.update_VFS(files);
        say("import judge");
        postMessage({ ready: true });
      } else {
        self.task = python.structuredclone2pyobj(task);
        say("import judge\njudge.begin()");
      }
    };
  }})()`;

  let fetched;
  const fetchPython = () =>
    (fetched ??= new Promise((done, fail) => {
      const came = () => done(globalThis.LenetPython);
      const lost = () => {
        fetched = undefined; // the next click tries again
        fail(new Error(LOST));
      };
      document.head.append(make("script", { src: PYTHON, onload: came, onerror: lost }));
    }));

  function start({ source, files }) {
    const address = URL.createObjectURL(new Blob([BEFORE, source, AFTER], { type: "text/javascript" }));
    const worker = new Worker(address);
    worker.begun = new Promise((done, fail) => {
      worker.onmessage = done;
      worker.onerror = fail;
    });
    worker.begun.catch(() => {}).finally(() => URL.revokeObjectURL(address));
    worker.postMessage({ files });
    return worker;
  }

  let spare; // has begun, and waits for its one task
  async function take(stage) {
    stage("Fetching Python, half a megabyte …");
    const python = await fetchPython();
    stage("Starting Python …");
    const worker = (spare ??= start(python));
    spare = undefined;
    await worker.begun;
    return worker;
  }

  // {verdict, stop}: a promise of {status, said, printed}, and a function that ends the run.
  function judge(task, stage) {
    let worker, timer, stop;
    const printed = { text: "", checked: "" };
    const stopped = new Promise((end) => {
      stop = (said) => end({ status: "not yet", said });
    });
    const run = async () => {
      worker = await take(stage);
      stage("Running …");
      const { seconds } = task.form;
      const late = `It was still running after ${seconds} s and was stopped: does every loop come to its end?`;
      timer = setTimeout(stop, 1000 * seconds, late);
      worker.postMessage({ task });
      return new Promise((end, fail) => {
        let part = "text";
        worker.onerror = fail;
        worker.onmessage = ({ data }) => {
          if (data.status) end(data);
          else if (data.printed === "\0") part = "checked";
          else printed[part] += data.printed;
        };
      });
    };
    const end = (verdict) => {
      clearTimeout(timer);
      worker?.terminate();
      if (worker && globalThis.LenetPython) spare ??= start(globalThis.LenetPython);
      // As in a notebook: what a right answer prints while it is checked is of no interest.
      const text = printed.text + (verdict.status === "correct" ? "" : printed.checked);
      return { ...verdict, printed: readable(text.trim(), 400) };
    };
    const lost = () => ({ status: LOST, said: "" });
    return { verdict: Promise.race([run(), stopped]).catch(lost).then(end), stop };
  }

  // lenet_course/exercises/show.py and html.py do the same for a notebook.
  const readable = (text, most) => {
    const signs = [...text];
    const short = signs.length <= most ? signs : [...signs.slice(0, most - 1), "…"];
    return short.join("").replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (sign) => ("\n\t".includes(sign) ? sign : "�"));
  };
  const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };
  const inline = (text) =>
    text
      .trim()
      .replace(/\s+/g, " ")
      .replace(/[&<>"']/g, (sign) => ESCAPES[sign])
      .split(/`([^`]+)`/)
      .map((part, i) =>
        i % 2
          ? `<code>${part}</code>`
          : part
              .replace(/\*\*(?=\S)(.+?)(?<=\S)\*\*/g, "<strong>$1</strong>")
              .replace(/(?<!\*)\*(?=[^\s*])(.+?)(?<=[^\s*])\*(?!\*)/g, "<em>$1</em>"),
      )
      .join("");

  const HEADS = {
    correct: "✓ Correct.",
    "not yet": "→ Not yet.",
    "not attempted": "○ Not attempted yet.",
  };

  function show(box, { status, said, printed }) {
    const text = status === "not attempted" ? "Replace the dots by your answer and run it again." : said;
    box.className = `lx-said${{ correct: " lx-good", "not yet": " lx-look" }[status] ?? ""}`;
    box.innerHTML = `<strong>${HEADS[status]}</strong> ${inline(readable(text, 590))}`;
    if (printed) {
      const text = make("pre", { tabIndex: 0, textContent: printed });
      box.append(make("div", { textContent: "Your code printed:" }), text);
    }
  }

  // The stub of the cell, and what its last line gives to the checker.
  const CHECK = /^exercises\.check\(\s*["'][\w.-]+["'],\s*(.+?),?\s*\)\s*$/m;
  function stub(box) {
    const cell = box.closest(".cell");
    const text = cell?.querySelector(".cell_input pre")?.textContent ?? "";
    return { cell, text: text.replace(CHECK, "").trim(), answer: CHECK.exec(text)?.[1] };
  }

  // Tab indents while one types, and leaves after Escape; Enter keeps the indentation.
  function edit(field, run) {
    let typing = false;
    const insert = (text) => document.execCommand("insertText", false, text);
    field.addEventListener("input", () => (typing = true));
    field.addEventListener("blur", () => (typing = false));
    field.addEventListener("keydown", (event) => {
      const { key, shiftKey, ctrlKey, metaKey } = event;
      const line = field.value.slice(0, field.selectionStart).split("\n").pop();
      if (key === "Escape") typing = false;
      else if (key === "Enter" && (ctrlKey || metaKey)) run();
      else if (key === "Enter") insert(`\n${/^ */.exec(line)[0]}${/:\s*$/.test(line) ? "    " : ""}`);
      else if (key === "Tab" && typing && !shiftKey) insert(" ".repeat(4 - (line.length % 4)));
      else return;
      if (key !== "Escape") event.preventDefault();
    });
  }

  // Puts a field for code in the place of the box. `elsewhere` makes a note that says why
  // not here, and where.
  function ask(box, form, elsewhere) {
    const { cell, text, answer } = stub(box);
    if (!answer || typeof Worker === "undefined") {
      box.replaceWith(elsewhere("Python does not run in this page: "));
      return;
    }
    const name = box.dataset.exercise;
    const id = `answer-${name.replace(".", "-")}`;
    const key = `lenet-inside-out:exercise:${name}`;
    const mark = globalThis.LenetProgress.offer(`exercise:${name}`, box);
    const kept = memory.read(key);
    const typed = typeof kept?.typed === "string" ? kept.typed : text;
    const field = make("textarea", {
      id,
      className: "lx-code",
      value: typed,
      rows: typed.split("\n").length + 3,
      autocapitalize: "off",
      autocomplete: "off",
      spellcheck: false,
      wrap: "off",
    });
    const advice = "Ctrl+Enter runs it. Tab indents while you type; after Esc it leaves the field.";
    const how = make("small", { id: `${id}-how`, textContent: advice });
    const state = make("span", { className: "lx-stage" });
    const bar = make("progress", { hidden: true });
    const said = make("div", { className: "lx-said" });
    const button = make("button", { textContent: "Run" });
    field.setAttribute("aria-describedby", how.id);
    field.setAttribute("autocorrect", "off");
    bar.setAttribute("aria-label", "Python is at work");
    for (const live of [state, said]) live.setAttribute("role", "status");

    let stop;
    const stage = (words) => (state.textContent = words);
    async function run() {
      if (stop) return;
      const code = field.value;
      const task = { form, text: code.replace(CHECK, ""), answer };
      const { verdict, ...running } = judge(task, stage);
      stop = running.stop;
      button.textContent = "Stop";
      bar.hidden = false;
      said.replaceChildren();
      const found = await verdict;
      stop = undefined;
      button.textContent = "Run";
      bar.hidden = true;
      stage("");
      if (found.status === LOST) said.append(elsewhere("Python could not be had in this page: "));
      else {
        show(said, found);
        mark(found.status === "correct");
      }
      memory.write(key, code.trim() && code !== text && { typed: code, right: found.status === "correct" });
    }
    const sheet = make(
      "form",
      { className: "lx-ask" },
      make("label", { htmlFor: id, textContent: "Your answer" }),
      field,
      button,
      bar,
      state,
      how,
      said,
    );
    edit(field, run);
    sheet.addEventListener("submit", (event) => {
      event.preventDefault();
      if (stop) stop("You stopped it before it had finished.");
      else run();
    });
    if (kept?.right === true) show(said, { status: "correct", said: form.more });
    box.replaceWith(sheet);
    cell.classList.add("lx-coded"); // the field holds the stub
  }

  return { ask, inline, readable, fetchPython, start }; // the last for tests, too
})();
