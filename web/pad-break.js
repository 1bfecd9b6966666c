/* Damage done to the network on purpose, and what becomes of its answers.
 *
 *   PadBreak.broken(net, { biases: ["c1"], noise: 0.3, seed: 1, kernel: "c3 4" })    // a copy
 *   const panel = PadBreak.create(onchange);    // panel.damaged(net), panel.report(...)
 */
globalThis.PadBreak = (() => {
  "use strict";

  const { element } = Draw, { percent } = Reading;
  const HERE = globalThis.document?.currentScript.src;
  const LAYERS = ["c1", "c3", "c5", "f6", "output"], MAPS = { c1: 6, c3: 16 };
  const SLICE = 20; // digits read between two frames
  const name = (layer) => (layer === "output" ? "output" : layer.toUpperCase());

  // Normal numbers, the same for the same seed (mulberry32, then Box and Muller).
  function normal(seed) {
    const next = () => {
      seed = (seed + 0x6d2b79f5) | 0;
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  }

  const rms = (data) => Math.sqrt(data.reduce((sum, w) => sum + w * w, 0) / data.length);

  // `noise` is its size as a share of the weights' own, layer by layer.
  function broken(net, { biases, noise, seed, kernel }) {
    const tensors = { ...net.tensors }, draw = normal(seed);
    for (const layer of LAYERS) {
      const { shape, data } = net.tensors[`${layer}.weight`], size = noise * rms(data);
      const weights = data.map((w) => (noise ? w + size * draw() : w));
      const [of, map] = kernel.split(" "), each = data.length / shape[0];
      if (of === layer) weights.fill(0, (map - 1) * each, map * each);
      tensors[`${layer}.weight`] = { shape, data: weights };
      if (biases.includes(layer)) {
        const bias = net.tensors[`${layer}.bias`];
        tensors[`${layer}.bias`] = { ...bias, data: bias.data.map(() => 0) };
      }
    }
    return { ...net, tensors };
  }

  const right = (net, image, label) => {
    const { probabilities, none } = LeNet.forward(net, image);
    return !(none >= net.threshold) && probabilities.indexOf(Math.max(...probabilities)) === label;
  };

  async function digits({ mean, std }) {
    if (!globalThis.TrainRun) await Draw.fetched(new URL("train-run.js", HERE));
    if (!globalThis.BundledDigits) await Draw.fetched(new URL("bundled-digits.js", HERE));
    return TrainRun().read(BundledDigits.heldOut, mean, std);
  }

  function controls(onchange) {
    const boxes = LAYERS.map((layer) => element("input", { type: "checkbox", value: layer, onchange }));
    const noise = element("input", { type: "range", min: 0, max: 100, step: 5, value: 0, oninput: onchange });
    const shown = element("span", { "aria-hidden": "true" });
    const kernel = element("select", { onchange }, element("option", { value: "" }, "none"),
      ...Object.entries(MAPS).flatMap(([layer, count]) => Array.from({ length: count }, (_, i) =>
        element("option", { value: `${layer} ${i + 1}` }, `${name(layer)}, map ${i + 1}`))));
    let seed = 1;
    const other = element("button", { type: "button", class: "lw-button", onclick: () => { seed++; onchange(); } }, "Other noise");
    const node = element("div", { class: "lw-damage" },
      element("fieldset", {}, element("legend", {}, "Biases to zero"),
        ...boxes.map((box) => element("label", {}, box, ` ${name(box.value)}`))),
      element("label", {}, "Noise on all weights ", shown, noise), element("label", {}, "Kernels to zero ", kernel), other);
    const value = () => ({ biases: boxes.filter((box) => box.checked).map((box) => box.value), noise: noise.value / 100, seed, kernel: kernel.value });
    function reset() {
      boxes.forEach((box) => { box.checked = false; });
      noise.value = 0, kernel.value = "", seed = 1;
    }
    const tell = () => {
      shown.textContent = `${noise.value} %`;
      noise.setAttribute("aria-valuetext", `${noise.value} % of the weights' own size`);
      other.disabled = !value().noise;
    };
    tell();
    return { node, value, reset, tell };
  }

  function create(onchange) {
    let whole, now, set, scored = new WeakMap(), turn = 0, before;
    const form = controls(change);
    const reading = element("p", { role: "status" }), score = element("p", { role: "status" });
    const resetButton = element("button", { type: "button", class: "lw-button", onclick: () => { form.reset(); change(); form.node.querySelector("input").focus(); } }, "Reset");
    const summary = element("summary", {}, "Break it");
    const node = element("details", { class: "lw-break", ontoggle: () => node.open && measure() }, summary,
      element("p", { class: "lw-muted" }, "Nothing here is kept. What it reads is shown above, its maps below."),
      form.node, reading, score, element("div", { class: "lw-controls" }, resetButton));

    const hurt = () => { const { biases, noise, kernel } = form.value(); return biases.length + noise > 0 || kernel !== ""; };

    function change() {
      form.tell();
      resetButton.disabled = !hurt();
      summary.textContent = hurt() ? "Break it (it is broken)" : "Break it";
      onchange();
    }

    function damaged(net) {
      whole = net;
      now = hurt() ? broken(net, form.value()) : net;
      measure();
      return now;
    }

    // What it reads of the sheet, whole and broken.
    function report(drawing, wholeDrawing) {
      const said = ({ refused, maps, ranked: [first] }) => (refused ? `“no digit” (${percent(maps.none)})` : `${first.digit} (${percent(first.p)})`);
      const words = hurt() ? `Broken, it reads ${said(drawing)}; whole, ${said(wholeDrawing)}.` : `Whole, it reads ${said(drawing)}.`;
      if (words !== before) reading.textContent = before = words;
    }

    // The share of the bundled digits that a network reads right, between the frames.
    async function share(net, mine) {
      if (scored.has(net)) return scored.get(net);
      let sum = 0;
      for (let i = 0; i < set.labels.length; i++) {
        if (i % SLICE === 0) await new Promise((go) => setTimeout(go));
        if (mine !== turn) return null;
        sum += right(net, set.images[i], set.labels[i]);
      }
      scored.set(net, sum / set.labels.length);
      return scored.get(net);
    }

    async function measure() {
      const mine = ++turn;
      if (!node.open || !whole) return;
      try {
        if (set?.net !== whole) set = { net: whole, ...(await digits(whole)) };
      } catch {
        score.textContent = "The digits to measure it with could not be loaded; is the page complete?";
        return;
      }
      const healthy = await share(whole, mine), ill = healthy === null ? null : await share(now, mine);
      if (ill === null || mine !== turn) return;
      const all = set.labels.length;
      score.textContent = now === whole ? `Of ${all} digits from scikit-learn, which it never learned from, it reads ${percent(ill)} right.`
        : `Of ${all} digits from scikit-learn it reads ${percent(ill)} right; whole, ${percent(healthy)}.`;
    }

    resetButton.disabled = true;
    return { node, damaged, report };
  }

  return { broken, create };
})();
