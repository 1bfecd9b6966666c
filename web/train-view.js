/* What one sees of a training run: curves, and the network's pictures.
 *
 *   const loss = TrainView.curve("Loss");        // loss.node goes into the page
 *   loss.draw({ lines, low, high, log, end, ticks, unit });
 *   const view = TrainView.pictures();           // view.node
 *   view.update(net, pixels);                    // 32 x 32 normalised numbers
 */
globalThis.TrainView = (() => {
  "use strict";

  const { element, grid, paintSigned, paintGrey, largest, number } = Draw;
  const HEIGHT = 190, LEFT = 46, RIGHT = 8, TOP = 10, BOTTOM = 24;
  const POINTS = 300;

  function shape(tag, attributes, text = "") {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.textContent = text;
    return node;
  }

  const count = (n, unit) => `${number(n)} ${unit}${n === 1 ? "" : unit === "pass" ? "es" : "s"}`;

  // Points [place, mean] for a curve: no more than can be told apart.
  function thinned(values) {
    const size = Math.ceil(values.length / POINTS), points = [];
    for (let i = 0; i < values.length; i += size) {
      const part = values.slice(i, i + size);
      points.push([i + (part.length + 1) / 2, part.reduce((a, b) => a + b) / part.length]);
    }
    return points;
  }

  // `lines` are [class, points]; `ticks` are [value, text, class of a line across].
  function curve(caption) {
    const svg = shape("svg", { role: "img", class: "lw-curve", height: HEIGHT });
    const node = element("div", {}, element("p", { class: "lw-caption" }, caption), svg);
    let last;
    function draw(picture = last) {
      if (!(last = picture)) return;
      const { lines, low, high, log, end, ticks, unit, label } = picture;
      const width = svg.clientWidth || 400, scale = log ? Math.log10 : (v) => v;
      const share = (v) => (scale(v) - scale(low)) / (scale(high) - scale(low));
      const x = (v) => LEFT + (v / end) * (width - LEFT - RIGHT);
      const y = (v) => HEIGHT - BOTTOM - Math.min(1, Math.max(0, share(v))) * (HEIGHT - TOP - BOTTOM);
      const path = (points) => "M" + points.map(([a, b]) => `${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("L") + (points.length > 1 ? "" : "h6"); // one point has to be seen, too
      const marks = ticks.filter(([, , kind]) => kind).map(([v]) => y(v));
      const free = ([v, , kind]) => kind || marks.every((mark) => Math.abs(mark - y(v)) > 12); // of a mark's words
      svg.setAttribute("aria-label", label);
      svg.replaceChildren(
        ...ticks.filter(free).flatMap(([v, text, kind = ""]) => [
          shape("path", { d: `M${LEFT} ${y(v)}H${width - RIGHT}`, class: `lw-across ${kind}` }),
          shape("text", { x: LEFT - 6, y: y(v) + 4, "text-anchor": "end", class: kind }, text)]),
        shape("text", { x: LEFT, y: HEIGHT - 6 }, "0"),
        shape("text", { x: width - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, count(end, unit)),
        ...lines.filter(([, points]) => points.length).map(([kind, points]) => shape("path", { d: path(points), class: kind })));
    }
    new ResizeObserver(() => draw()).observe(svg);
    return { node, draw };
  }

  const LN10 = [Math.log(10), "ln 10", "lw-ln10"];

  // Linear, up to 5 at most; or the powers of ten that the losses need.
  function lossPicture(losses, log) {
    const points = thinned(losses), values = points.map(([, v]) => v);
    const top = Math.max(2.5, ...values), end = Math.max(1, losses.length);
    const told = losses.length ? `, now ${losses.at(-1).toPrecision(3)}` : "";
    const picture = { lines: [["lw-line", points]], end, unit: "step", label: `Loss over ${count(losses.length, "step")}${told}` };
    if (!log) {
      const high = Math.min(5, top);
      return { ...picture, low: 0, high, ticks: [[0, "0"], [1, "1"], [high, high.toFixed(1)], LN10] };
    }
    const from = Math.min(-1, Math.floor(Math.log10(Math.min(1, ...values.filter((v) => v > 1e-6)))));
    const to = Math.ceil(Math.log10(top)), every = Math.ceil((to - from) / 5);
    const powers = Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, i) => from + i * every);
    const ticks = powers.map((p) => [10 ** p, Math.abs(p) < 4 ? String(Number((10 ** p).toPrecision(1))) : `1e${p}`]);
    return { ...picture, log, low: 10 ** from, high: 10 ** to, ticks: [...ticks, LN10] };
  }

  function rightPicture(scores) {
    const line = (part) => scores.map((score) => [score.pass, 100 * score[part]]);
    const last = scores.at(-1), told = last ? `, now ${(100 * last.heldOut).toFixed(1)} % of the held-out digits` : "";
    return {
      lines: [["lw-line lw-dashed", line("train")], ["lw-line", line("heldOut")]],
      low: 0, high: 100, end: Math.max(2, scores.length), unit: "pass", label: `Digits read right${told}`,
      ticks: [[0, "0"], [10, "10 %", "lw-ln10"], [50, "50 %"], [90, "90 %"]],
    };
  }

  // ---- The network's pictures ----

  function row(caption, count, width, height, kind) {
    const tiles = Array.from({ length: count }, () => grid(width, height));
    const node = element("div", { class: "lw-layer" }, element("p", { class: "lw-muted" }, caption),
      element("div", { class: `lw-tiles ${kind}` }, ...tiles));
    function paint(values) {
      const area = width * height, scale = largest(values);
      tiles.forEach((tile, i) => paintSigned(tile, values.subarray(i * area, (i + 1) * area), scale));
    }
    return { node, paint };
  }

  function pictures() {
    const input = grid(32, 32), reads = element("p", { class: "lw-reads" });
    const filters = row("C1's six filters, 5×5 weights each", 6, 5, 5, "lw-c1");
    const c1 = row("What they make of the digit: the maps of C1", 6, 28, 28, "lw-c1");
    const c3 = row("The maps of C3", 16, 10, 10, "lw-c3");
    const seen = element("div", { class: "lw-seen" }, input, reads);
    const node = element("div", { class: "lw-growing" }, seen, element("div", {}, filters.node, c1.node, c3.node));
    function update(net, pixels) {
      const maps = LeNet.forward(net, pixels);
      const most = Math.max(...maps.probabilities), best = maps.probabilities.indexOf(most);
      const share = most > 0.995 ? "> 99" : (100 * most).toFixed(0); // never quite 100
      paintGrey(input, pixels.map((v) => v * net.std + net.mean));
      filters.paint(net.tensors["c1.weight"].data);
      c1.paint(maps["c1.act"].data);
      c3.paint(maps["c3.act"].data);
      reads.textContent = best < 0 ? "No number comes out any more." : `It reads ${best}, ${share} %.`;
    }
    return { node, seen, update };
  }

  return { count, curve, lossPicture, rightPicture, pictures };
})();
