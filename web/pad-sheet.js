/* The sheet of the pad: a mouse, a finger or a pen writes, or the page itself.
 *
 *   const sheet = PadSheet.create(onchange);
 *   sheet.strokes(), sheet.width()     // what is on it, turned; the pen
 *   sheet.draw(drawing)                // paints it; a frame around one of several
 */
globalThis.PadSheet = (() => {
  "use strict";

  const { element } = Draw;
  const SIDE = 280; // of the sheet in its own units
  const PEN = 26; // about MNIST's stroke width for a digit that fills the sheet
  const FIRST_SAMPLE = 3;
  const ANIMATION = 700; // milliseconds to write a sample digit

  const sample = (digit) =>
    SampleDigits[digit].map((stroke) => stroke.map(([x, y]) => [(x * SIDE) / 100, (y * SIDE) / 100]));
  const button = (text, onclick) => element("button", { type: "button", class: "lw-button", onclick }, text);

  function slider(label, attributes, unit, oninput) {
    const shown = element("span", { "aria-hidden": "true" }); // a slider says its own value
    const input = element("input", { type: "range", ...attributes, oninput });
    const set = (value) => {
      input.value = value;
      shown.textContent = `${value}${unit}`;
    };
    input.addEventListener("input", () => set(Number(input.value)));
    set(attributes.value);
    return { node: element("label", {}, label, " ", shown, input), set, value: () => Number(input.value) };
  }

  function sampleButtons(onchoose) {
    return SampleDigits.map((strokes, digit) => {
      const path = strokes.map((s) => "M" + s.map((p) => p.map((v) => v.toFixed(1)).join(" ")).join("L")).join("");
      const node = element("button", { type: "button", class: "lw-sample", "aria-label": `Write a ${digit}`, onclick: () => onchoose(digit) });
      node.innerHTML = `<svg viewBox="0 0 100 104" aria-hidden="true"><path d="${path}"/></svg>`;
      return node;
    });
  }

  function paint(canvas, strokes, width, framed) {
    const pixels = canvas.clientWidth * devicePixelRatio || SIDE;
    if (canvas.width !== Math.round(pixels)) canvas.width = canvas.height = Math.round(pixels);
    const context = canvas.getContext("2d"), { color } = getComputedStyle(canvas);
    context.setTransform(canvas.width / SIDE, 0, 0, canvas.width / SIDE, 0, 0);
    context.clearRect(0, 0, SIDE, SIDE);
    Object.assign(context, { lineWidth: width, lineCap: "round", lineJoin: "round", strokeStyle: color });
    for (const stroke of strokes) {
      context.beginPath();
      context.moveTo(...stroke[0]);
      for (const point of stroke) context.lineTo(...point);
      context.stroke();
    }
    if (!framed) return;
    const { left, right, top, bottom } = Strokes.bounds(framed), edge = width / 2 + 3;
    context.lineWidth = 2;
    context.setLineDash([7, 6]);
    context.strokeRect(left - edge, top - edge, right - left + 2 * edge, bottom - top + 2 * edge);
    context.setLineDash([]);
  }

  function create(onchange) {
    let strokes = sample(FIRST_SAMPLE), untouched = true; // the first own stroke starts on a clean sheet
    let hand = null; // the pointer that draws; a second finger is not heard
    let writing = 0; // counts samples, so that a newer one stops an older
    const pen = slider("Pen", { min: 10, max: 60, value: PEN }, "", onchange);
    const turn = slider("Turn", { min: -180, max: 180, step: 5, value: 0 }, "°", onchange);
    const canvas = element("canvas", {
      class: "lw-sheet", role: "img", onpointerdown: begin, onpointermove: go,
      "aria-label": "Sheet to draw a digit on with mouse, finger or pen. With the keyboard, choose a sample digit and turn it.",
    });
    const current = () => Strokes.turned(strokes, turn.value());

    function replace(newStrokes, isSample = false) {
      strokes = newStrokes;
      untouched = isSample;
      turn.set(0);
      onchange();
    }

    // The pen is followed beyond the edge, as far again as the sheet is wide.
    function position(event) {
      const area = canvas.getBoundingClientRect();
      const near = (v) => Math.min(2 * SIDE, Math.max(-SIDE, v));
      return [near(((event.clientX - area.left) / area.width) * SIDE), near(((event.clientY - area.top) / area.height) * SIDE)];
    }

    function begin(event) {
      if (event.button || (hand !== null && canvas.hasPointerCapture(hand))) return;
      canvas.setPointerCapture((hand = event.pointerId));
      writing++;
      replace([...(untouched ? [] : current()), [position(event)]]);
    }

    function go(event) {
      if (event.pointerId !== hand || !canvas.hasPointerCapture(hand)) return;
      // Fast hands move several points between two frames; keep them all.
      const events = event.getCoalescedEvents?.() ?? [];
      strokes.at(-1)?.push(...(events.length ? events : [event]).map(position));
      onchange();
    }

    function write(digit) {
      const whole = sample(digit), points = whole.flat().length, turnNumber = ++writing;
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) replace(whole, true);
      else requestAnimationFrame((start) => requestAnimationFrame(function grow(time) {
        if (turnNumber !== writing) return;
        const part = Math.min(1, (time - start) / ANIMATION);
        replace(Strokes.beginning(whole, Math.max(1, Math.round(part * points))), true);
        if (part < 1) requestAnimationFrame(grow);
      }));
    }

    const clear = () => { writing++; replace([]); };
    const undo = () => { writing++; replace(current().slice(0, -1)); };
    const node = element("div", { class: "lw-draw" }, element("p", { class: "lw-caption" }, "Draw a digit"), canvas,
      element("div", { class: "lw-controls" }, button("Clear", clear), button("Undo stroke", undo)),
      element("div", { class: "lw-sliders" }, pen.node, turn.node));
    const samples = element("div", { class: "lw-samples", role: "group", "aria-label": "Sample digits" }, ...sampleButtons(write));
    return { node, samples, strokes: current, width: pen.value, draw: (framed) => paint(canvas, current(), pen.value(), framed) };
  }

  return { SIDE, create };
})();
