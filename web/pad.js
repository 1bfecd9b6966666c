/* A sheet to draw a digit on, and LeNet-5 reading it as it is drawn.
 *
 * Mounts itself on <div id="lenet-pad">. Needs draw.js, loupe.js, maps.js,
 * digits.js, preprocess.js, lenet.js, own-weights.js and weights.js before it. Nothing
 * that is drawn leaves the page.
 */
(() => {
  "use strict";

  const { element, grid, paintGrey } = Draw;
  const INPUT = 32; // side of the network's input in pixels
  const SHEET = 280; // side of the sheet in its own units
  const PEN = 26; // about MNIST's stroke width for a digit that fills the sheet
  const FIRST_SAMPLE = 3;
  const ANIMATION = 700; // milliseconds to write a sample digit

  // Softmax never reaches 100 %, so the page never says so.
  const percent = (p) => (p > 0.9995 ? "> 99.9 %" : `${(100 * p).toFixed(1)} %`);
  const sample = (digit) =>
    SampleDigits[digit].map((stroke) => stroke.map(([x, y]) => [(x * SHEET) / 100, (y * SHEET) / 100]));

  function bounds(strokes) {
    const xs = strokes.flat().map((p) => p[0]), ys = strokes.flat().map((p) => p[1]);
    return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
  }

  function turned(strokes, degrees) {
    if (!degrees || !strokes.length) return strokes;
    const { left, right, top, bottom } = bounds(strokes);
    const cx = (left + right) / 2, cy = (top + bottom) / 2, angle = (degrees * Math.PI) / 180;
    const cos = Math.cos(angle), sin = Math.sin(angle);
    return strokes.map((stroke) => stroke.map(([x, y]) =>
      [cx + (x - cx) * cos - (y - cy) * sin, cy + (x - cx) * sin + (y - cy) * cos]));
  }

  // The first n points, as a hand would have written them by then.
  function beginning(strokes, n) {
    const written = [];
    for (const stroke of strokes) {
      if (n <= 0) break;
      written.push(stroke.slice(0, n));
      n -= stroke.length;
    }
    return written;
  }

  // One honest sentence about this answer.
  function remark(strokes, pen, ranked) {
    const [first, second] = ranked;
    if (!strokes.length) return "Nothing is drawn, and it answers all the same: it cannot say that there is no digit.";
    const { left, right, top, bottom } = bounds(strokes);
    if (Math.max(right - left, bottom - top) + pen < SHEET / 3)
      return "That is small. It is enlarged to 20 pixels, pen and all; the line gets very bold.";
    if (first.p < 0.8)
      return `It hesitates between ${first.digit} (${percent(first.p)}) and ${second.digit} (${percent(second.p)}).`;
    return "It is sure. That is not the same as right: turn the digit, or draw a letter.";
  }

  function slider(label, attributes, unit, oninput) {
    const shown = element("span", { "aria-hidden": "true" }); // a slider says its own value
    const input = element("input", { type: "range", ...attributes, oninput });
    const set = (value) => {
      input.value = value;
      shown.textContent = `${value}${unit}`;
    };
    input.addEventListener("input", () => set(Number(input.value)));
    set(attributes.value);
    return { node: element("label", {}, label, " ", shown, input), input, set };
  }

  function resultList() {
    const rows = Array.from({ length: 10 }, (_, digit) => {
      const bar = element("i"), value = element("span", { class: "lw-number" });
      const node = element("li", {}, element("b", {}, String(digit)), element("span", { class: "lw-bar", "aria-hidden": "true" }, bar), value);
      return { node, bar, value };
    });
    const best = element("p", { class: "lw-best" });
    const node = element("div", { class: "lw-result" }, best,
      element("ul", { "aria-label": "Probability of each digit" }, ...rows.map((row) => row.node)));
    function show(probabilities, ranked) {
      best.replaceChildren("It reads ", element("strong", {}, String(ranked[0].digit)));
      rows.forEach(({ node, bar, value }, digit) => {
        bar.style.width = `${100 * probabilities[digit]}%`;
        value.textContent = percent(probabilities[digit]);
        node.toggleAttribute("data-best", digit === ranked[0].digit);
      });
    }
    return { node, show };
  }

  function sampleButtons(onchoose) {
    return SampleDigits.map((strokes, digit) => {
      const path = strokes.map((s) => "M" + s.map((p) => p.map((v) => v.toFixed(1)).join(" ")).join("L")).join("");
      const button = element("button", { type: "button", class: "lw-sample", "aria-label": `Write a ${digit}`, onclick: () => onchoose(digit) });
      button.innerHTML = `<svg viewBox="0 0 100 104" aria-hidden="true"><path d="${path}"/></svg>`;
      return button;
    });
  }

  const WRONG = `
    <summary>Did it get it wrong?</summary>
    <ul>
      <li>Look at the 32×32 pixels it sees. If you cannot read the digit there, neither can it.</li>
      <li>It must choose one of ten digits, and the ten bars always add up to 100 %. A
        letter, a scribble or an empty sheet gets an answer too, often a confident one.</li>
      <li>It learned from MNIST alone: digits by staff of the US Census Bureau and by high-school
        students. You may have been taught another 1 or 7, and no digit there lies on its side.</li>
    </ul>`;

  function mount(host) {
    const book = LeNet.load(LENET_WEIGHTS);
    let net, layers;
    let strokes = sample(FIRST_SAMPLE), untouched = true, frame = 0, speech = 0;

    const sheet = element("canvas", {
      class: "lw-sheet", role: "img",
      "aria-label": "Sheet to draw a digit on with mouse, finger or pen. With the keyboard, choose a sample digit and turn it.",
    });
    const seen = grid(INPUT, INPUT, { role: "img", "aria-hidden": false, "aria-label": "The 32 by 32 pixels that the network sees" });
    const hint = element("p", { class: "lw-hint" });
    const spoken = element("p", { class: "lw-spoken", role: "status" });
    const pen = slider("Pen", { min: 10, max: 60, value: PEN }, "", schedule);
    const turn = slider("Turn", { min: -180, max: 180, step: 5, value: 0 }, "°", schedule);
    const result = resultList(), inside = element("div");

    const current = () => turned(strokes, Number(turn.input.value));

    function use(chosen) {
      net = chosen;
      layers = LayerMaps.create(net);
      inside.replaceChildren(layers.node);
      wrong.querySelector("li:last-child").hidden = net !== book; // it tells of MNIST
      schedule();
    }

    function drawSheet(lines) {
      const side = sheet.clientWidth * devicePixelRatio || SHEET;
      if (sheet.width !== Math.round(side)) sheet.width = sheet.height = Math.round(side);
      const context = sheet.getContext("2d");
      context.setTransform(sheet.width / SHEET, 0, 0, sheet.width / SHEET, 0, 0);
      context.clearRect(0, 0, SHEET, SHEET);
      Object.assign(context, { lineWidth: pen.input.value, lineCap: "round", lineJoin: "round", strokeStyle: getComputedStyle(sheet).color });
      for (const line of lines) {
        context.beginPath();
        context.moveTo(...line[0]);
        for (const point of line) context.lineTo(...point);
        context.stroke();
      }
    }

    function render() {
      frame = 0;
      const lines = current(), width = Number(pen.input.value);
      const input = Preprocess.toInput(Preprocess.toMnist(lines, width), net);
      const maps = LeNet.forward(net, input);
      const grey = input.map((v) => v * net.std + net.mean);
      const ranked = maps.probabilities.map((p, digit) => ({ p, digit })).sort((a, b) => b.p - a.p);
      drawSheet(lines);
      paintGrey(seen, grey);
      result.show(maps.probabilities, ranked);
      layers.update(maps, grey);
      hint.textContent = remark(lines, width, ranked);
      // A screen reader hears the answer once the hand rests.
      clearTimeout(speech);
      speech = setTimeout(() => {
        spoken.textContent = `The network reads ${ranked[0].digit}, ${percent(ranked[0].p)}.`;
      }, 600);
    }

    // Many pointer events, one picture a frame.
    function schedule() {
      frame ||= requestAnimationFrame(render);
    }

    function replace(newStrokes, isSample = false) {
      strokes = newStrokes;
      untouched = isSample; // the first own stroke starts on a clean sheet
      turn.set(0);
      schedule();
    }

    let writing = 0; // counts samples, so that a newer one stops an older
    function write(digit) {
      const whole = sample(digit), points = whole.flat().length, turnNumber = ++writing;
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) replace(whole, true);
      else requestAnimationFrame((start) => requestAnimationFrame(function grow(time) {
        if (turnNumber !== writing) return;
        const part = Math.min(1, (time - start) / ANIMATION);
        replace(beginning(whole, Math.max(1, Math.round(part * points))), true);
        if (part < 1) requestAnimationFrame(grow);
      }));
    }

    const position = (event) => {
      const area = sheet.getBoundingClientRect();
      const inside = (v) => Math.min(SHEET, Math.max(0, v));
      return [inside(((event.clientX - area.left) / area.width) * SHEET), inside(((event.clientY - area.top) / area.height) * SHEET)];
    };
    let hand = null; // the pointer that draws; a second finger is not heard
    sheet.addEventListener("pointerdown", (event) => {
      if (event.button || (hand !== null && sheet.hasPointerCapture(hand))) return;
      sheet.setPointerCapture((hand = event.pointerId));
      writing++;
      replace([...(untouched ? [] : current()), [position(event)]]);
    });
    sheet.addEventListener("pointermove", (event) => {
      if (event.pointerId !== hand || !sheet.hasPointerCapture(hand)) return;
      // Fast hands move several points between two frames; keep them all.
      const events = event.getCoalescedEvents?.() ?? [];
      strokes.at(-1)?.push(...(events.length ? events : [event]).map(position));
      schedule();
    });

    const clear = () => { writing++; replace([]); };
    const undo = () => { writing++; replace(current().slice(0, -1)); };
    const button = (text, onclick) => element("button", { type: "button", class: "lw-button", onclick }, text);
    const wrong = element("details", { class: "lw-wrong" });
    wrong.innerHTML = WRONG;

    host.classList.add("lw");
    host.replaceChildren(
      element("div", { class: "lw-top" },
        element("div", { class: "lw-draw" }, element("p", { class: "lw-caption" }, "Draw a digit"), sheet,
          element("div", { class: "lw-controls" }, button("Clear", clear), button("Undo stroke", undo)),
          element("div", { class: "lw-sliders" }, pen.node, turn.node)),
        element("div", { class: "lw-see" }, element("p", { class: "lw-caption" }, "It sees 32×32"), seen,
          element("p", { class: "lw-muted" }, "Scaled into 20×20 and centred by mass, as MNIST was made; then zero-padded.")),
        element("div", { class: "lw-answer" }, result.node, hint)),
      OwnWeights.chooser(book, use),
      element("p", { class: "lw-caption lw-offer" }, "Or let the page write one"),
      element("div", { class: "lw-samples", role: "group", "aria-label": "Sample digits" }, ...sampleButtons(write)),
      wrong, inside, spoken);
    render();
    render();
    Draw.onThemeChange(schedule);
    addEventListener("resize", schedule);
  }

  const host = document.getElementById("lenet-pad");
  if (host) mount(host);
})();
