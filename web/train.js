/* LeNet-5 trained in the page, by settings that the reader chooses.
 *
 * Mounts itself on <div class="lenet-train">. Needs draw.js, drills.js (its Stream),
 * lenet.js, own-weights.js and the other train-*.js before it. The digits come when the reader starts, the pad's scripts when weights are taken there.
 */
(() => {
  "use strict";

  const { element, number } = Draw;
  const Net = TrainNet(TrainLayers(), Drills.Stream), Run = TrainRun(Net, Drills.Stream);
  const HERE = document.currentScript.src;
  const LN10 = Math.log(10), REST = 100; // passes, after which it pauses by itself

  const { LISTS, PRESETS } = TrainSettings;
  const button = (text, onclick) => element("button", { type: "button", class: "lw-button", onclick }, text);
  const percent = (share) => `${(100 * share).toFixed(1)} %`;

  const fetched = (name) => Draw.fetched(new URL(name, HERE));

  // ---- Who computes: a worker made of the scripts' own text, or the page itself ----

  const source = () => `const Stream = ${Drills.Stream};
    const receive = (${TrainRun})((${TrainNet})((${TrainLayers})(), Stream), Stream).receiver((report) => postMessage(report), 200);
    onmessage = (event) => receive(event.data);`;

  function workerFor(hear, refused) {
    try {
      const address = URL.createObjectURL(new Blob([source()], { type: "text/javascript" }));
      const worker = new Worker(address);
      worker.onmessage = (event) => hear(event.data);
      worker.onerror = refused;
      return { send: (message) => worker.postMessage(message), end: () => worker.terminate() };
    } catch {
      return null;
    }
  }

  function inPage(hear) {
    const receive = Run.receiver(hear, 40);
    return { send: receive, end: () => receive({ go: false }), slow: true };
  }

  // ---- One honest sentence about this run ----

  function remark({ losses, overflowed, step }) {
    const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
    const peak = losses.reduce((a, b) => Math.max(a, b), 0), recent = mean(losses.slice(-40));
    if (overflowed)
      return `At step ${number(step)} the loss was no number any more. The steps were too long: each threw the weights farther, until they left what a float can hold. Reset, and take a smaller rate.`;
    if (!step) return "Before the first step. A network that knows nothing gives each of ten digits the same chance: a loss of ln 10 = 2.303.";
    if (peak > 20)
      return `The loss has been at ${peak.toPrecision(2)}: the steps are too long.` + (Math.abs(recent - LN10) < 0.2 ? " Now it gives every digit about the same chance; nothing of the picture gets through." : "");
    if (step >= 40 && Math.abs(recent - LN10) < 0.1)
      return "It stands at ln 10 = 2.303: whatever the picture, every digit gets about the same chance.";
    return `Mean loss of the last ${TrainView.count(Math.min(40, step), "step")}: ${recent.toFixed(recent < 0.1 ? 3 : 2)}.`;
  }

  function mount(host) {
    let heldOut, session = null, settings, going = false, losses = [], scores = [], now = {};
    const form = TrainSettings.form(tune);
    const loss = TrainView.curve("Loss of each step"), right = TrainView.curve("Read right (dashed: in training)");
    const view = TrainView.pictures();
    const numbers = element("p", { class: "lw-numbers" }), message = element("p", { class: "lw-message" });
    const spoken = element("p", { class: "lw-spoken", role: "status" });
    const log = element("input", { type: "checkbox", onchange: show });
    const digit = element("select", { onchange: show }, ...Array.from({ length: 10 }, (_, d) => element("option", { selected: d === 3 }, String(d))));
    const startButton = button("Start", () => (going ? pause() : go())), stepButton = button("One step", one);
    const resetButton = button("Reset", reset), padButton = button("Take these weights to the pad", toPad);
    const beside = element("div"); // the pad, and what stands above it
    const results = element("div", { class: "lw-stage", hidden: true });

    function say(text, wrong = false) {
      message.textContent = spoken.textContent = text;
      message.toggleAttribute("data-wrong", wrong);
    }

    function tune() {
      const { rate, momentum } = form.read();
      session?.send({ tune: { rate, momentum } });
    }

    function buttons() {
      startButton.textContent = going ? "Pause" : session ? "Go on" : "Start";
      startButton.disabled = stepButton.disabled = Boolean(now.overflowed);
      resetButton.disabled = !session;
      padButton.disabled = !now.step || now.overflowed;
      form.fixed.disabled = Boolean(session);
    }

    // Which digits, which settings, which computer: fixed until the next reset.
    async function begin() {
      if (session) return true;
      try {
        if (!globalThis.BundledDigits) await fetched(host.dataset.digits);
        if (session) return true; // the button was pressed twice
      } catch {
        say("The digits could not be loaded; is the page complete?", true);
        return false;
      }
      heldOut ??= Run.prepare(BundledDigits).heldOut;
      settings = form.read();
      results.hidden = false;
      connect({ begin: { settings, digits: BundledDigits } });
      return true;
    }

    // A worker, or the page where workers are refused, at once or by an error.
    function connect(first) {
      let mine;
      const listen = (report) => session === mine && hear(report); // none of an older run
      const alone = () => {
        losses = [], scores = [];
        session = mine = inPage(listen);
        session.send({ ...first, go: going });
      };
      session = mine = workerFor(listen, alone);
      session ? session.send(first) : alone();
    }

    async function go() {
      if (!(await begin())) return;
      going = true;
      session.send({ go: true });
      spoken.textContent = "It trains.";
      buttons();
    }

    function pause() {
      going = false;
      session.send({ go: false });
      spoken.textContent = `Paused. ${message.textContent} ${numbers.textContent}`;
      buttons();
    }

    async function one() {
      if (!(await begin())) return;
      going = false;
      session.send({ go: false, one: true });
      buttons();
    }

    function reset() {
      session?.end();
      session = null, going = false, losses = [], scores = [], now = {};
      results.hidden = true;
      say("The weights are gone; choose, and start again.");
      if (document.activeElement === resetButton) startButton.focus(); // it is switched off
      buttons();
    }

    function hear(report) {
      now = report;
      losses = losses.concat(report.losses), scores = scores.concat(report.scores);
      if (report.overflowed) going = false, say(remark({ ...report, losses }), true);
      else if (going && report.scores.length && report.pass % REST === 0) pause();
      show();
      buttons();
    }

    const network = () => ({
      activation: settings.activation, pool: settings.pool, mean: BundledDigits.mean, std: BundledDigits.std,
      tensors: Net.tensorsIn(now.parameters),
    });

    function show() {
      if (!now.parameters) return;
      loss.draw(TrainView.lossPicture(losses, log.checked));
      right.draw(TrainView.rightPicture(scores));
      view.update(network(), heldOut.images[heldOut.labels.indexOf(Number(digit.value))]);
      if (!now.overflowed) message.textContent = remark({ ...now, losses }) + (session?.slow ? " This browser lends no second thread, so the page computes between its own frames: slower, and it may stutter." : "");
      numbers.textContent = told();
    }

    function told() {
      const last = scores.at(-1), parts = [`Pass ${now.pass + 1}, step ${number(now.step)}.`];
      if (last) parts.push(`After pass ${last.pass}: ${percent(last.train)} right in training, ${percent(last.heldOut)} of 360 held-out digits.`);
      if (now.speed) parts.push(`${number(Math.round(now.speed))} digits a second: a pass over all 1,437 costs ${(1437 / now.speed).toFixed(1)} s here.`);
      return parts.join(" ");
    }

    async function toPad() {
      const name = (list) => LISTS[list][1][settings[list]], last = scores.at(-1);
      const result = last ? `, ${percent(last.heldOut)} of 360 held-out digits right after pass ${last.pass}` : "";
      OwnWeights.keep({ ...network(), words: `${name("activation")}, ${name("pool")} pooling, ${TrainView.count(now.step, "step")}${result}` });
      if (!document.getElementById("lenet-pad")) {
        beside.replaceChildren(
          element("p", { class: "lw-message" }, "They read in this pad now, and in the one of the ",
            element("a", { href: new URL("../index.html", HERE) }, "front page"), " as well, if your browser keeps what a page stores."),
          element("div", { id: "lenet-pad" }));
        try {
          for (const file of host.dataset.pad.split(" ")) await fetched(file);
        } catch {
          return beside.replaceChildren(element("p", { class: "lw-message", "data-wrong": true }, "The pad could not be loaded; is the page complete?"));
        }
      } else dispatchEvent(new Event("lenet-weights"));
      document.getElementById("lenet-pad").scrollIntoView({ block: "nearest" });
      spoken.textContent = "The pad has these weights.";
    }

    function preset(values) {
      reset();
      form.set(values);
      go();
    }

    host.classList.add("lw");
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", "LeNet-5 trained in the page");
    view.seen.prepend(element("label", {}, "A held-out ", digit));
    results.append(numbers,
      element("div", { class: "lw-curves" }, loss.node, right.node),
      element("label", { class: "lw-muted" }, log, " logarithmic loss"), view.node);
    host.replaceChildren(
      element("div", { class: "lw-controls" }, element("span", {}, "Three to begin with:"),
        ...Object.entries(PRESETS).map(([name, values]) => button(name, () => preset(values)))),
      form.node,
      element("div", { class: "lw-controls" }, startButton, stepButton, resetButton, padButton),
      message, results, beside, spoken);
    form.set(PRESETS["Learns well"]);
    buttons();
  }

  document.querySelectorAll(".lenet-train").forEach(mount);
})();
