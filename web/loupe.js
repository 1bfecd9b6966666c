/* One feature map enlarged: a unit's value, what it sees of the input, its weights. */
globalThis.Loupe = (() => {
  "use strict";

  const { element, grid, paintSigned, paintGrey, largest, signed } = Draw;
  const INPUT = 32;

  const strongest = (data) =>
    data.reduce((best, v, i) => (Math.abs(v) > Math.abs(data[best]) ? i : best), 0);

  // A square drawn over a canvas, in percent of it, so that it stays sharp.
  function place(marker, x, y, width, height, columns, rows) {
    const percent = (part, whole) => `${(100 * part) / whole}%`;
    Object.assign(marker.style, {
      left: percent(x, columns), top: percent(y, rows),
      width: percent(width, columns), height: percent(height, rows),
    });
  }

  // The weights that make one unit: a k x k tile for each map it reads.
  function kernelTiles(net, layer, unit) {
    const { shape, data } = net.tensors[`${layer.name}.weight`];
    const [, ins, k = 1] = shape;
    const weights = data.subarray(unit * ins * k * k, (unit + 1) * ins * k * k);
    const scale = largest(weights);
    const [width, height, count] = k > 1 ? [k, k, ins] : [20, ins / 20, 1];
    return Array.from({ length: count }, (_, i) => ({
      scale, width, height,
      data: weights.subarray(i * width * height, (i + 1) * width * height),
    }));
  }

  const weightsText = (net, { name, kernel }) =>
    !net.tensors[`${name}.weight`]
      ? "It has no weights: it keeps the " + (net.pool === "avg" ? "mean" : "largest") + " of 2 × 2 neighbours."
      : kernel > 1 ? "Its weights, one 5 × 5 kernel for each map it reads:"
      : "Its weights, one for each unit of C5:";

  function create(net) {
    const oneSided = ["relu", "sigmoid"].includes(net.activation); // never negative
    const big = grid(28, 28), input = grid(INPUT, INPUT);
    const unitMarker = element("span", { class: "lw-marker" });
    const fieldMarker = element("span", { class: "lw-marker" });
    const title = element("strong"), text = element("p", { id: "lw-loupe-text" });
    const note = element("p", { class: "lw-muted" });
    const kernels = element("div", { class: "lw-kernels" });
    const low = element("span"), high = element("span");
    const frame = element("div", {
      class: "lw-frame", role: "application", tabindex: 0, "aria-describedby": "lw-loupe-text",
      onpointermove: point, onpointerdown: point, onkeydown: step,
      // Speaks while the reader walks through it, not while they draw.
      onfocus: () => text.setAttribute("aria-live", "polite"),
      onblur: () => text.removeAttribute("aria-live"),
    }, big, unitMarker);
    let now, cell, picked = false;

    function point(event) {
      const area = big.getBoundingClientRect();
      const at = (position, length, count) =>
        Math.min(count - 1, Math.max(0, Math.floor((position / length) * count)));
      pick(at(event.clientX - area.left, area.width, now.picture.width),
        at(event.clientY - area.top, area.height, now.picture.height));
    }

    function step(event) {
      const move = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
      if (!move) return;
      event.preventDefault();
      const { width, height } = now.picture;
      pick(((cell % width) + move[0] + width) % width,
        (Math.floor(cell / width) + move[1] + height) % height);
    }

    function pick(x, y) {
      cell = y * now.picture.width + x;
      picked = true;
      describe();
    }

    function describe() {
      const { layer, index, picture } = now;
      const { width, height, data } = picture;
      const x = cell % width, y = Math.floor(cell / width);
      place(unitMarker, x, y, 1, 1, width, height);
      const [fx, fy] = layer.columns ? [0, 0] : [x * layer.jump, y * layer.jump];
      place(fieldMarker, fx, fy, layer.reach, layer.reach, INPUT, INPUT);
      const which = layer.columns ? `Unit ${cell + 1}` : `Row ${y + 1}, column ${x + 1}`;
      const seen = layer.reach < INPUT ? `the ${layer.reach} × ${layer.reach} pixels in the frame` : "the whole input";
      text.textContent = `${which}: ${signed(data[cell])}. It sees ${seen}.`;
      paintKernels(layer, layer.columns ? cell : index);
    }

    function paintKernels(layer, unit) {
      note.textContent = weightsText(net, layer);
      if (!net.tensors[`${layer.name}.weight`]) return kernels.replaceChildren();
      kernels.replaceChildren(...kernelTiles(net, layer, unit).map((tile) => {
        const canvas = grid(tile.width, tile.height);
        paintSigned(canvas, tile.data, tile.scale);
        canvas.style.aspectRatio = tile.width / tile.height;
        canvas.classList.toggle("lw-wide", tile.width !== tile.height);
        return canvas;
      }));
    }

    function show(layer, index, picture, grey) {
      const same = now && now.layer === layer && now.index === index;
      now = { layer, index, picture };
      if (!same || !picked) cell = strongest(picture.data), picked = false;
      const name = layer.columns ? `${layer.label}, every unit` : `${layer.label}, map ${index + 1}`;
      title.textContent = name;
      frame.setAttribute("aria-label", `${name}, enlarged. Arrow keys choose a unit.`);
      Object.assign(big, { width: picture.width, height: picture.height });
      frame.style.aspectRatio = picture.width / picture.height;
      paintSigned(big, picture.data, layer.scale);
      paintGrey(input, grey);
      low.textContent = signed(oneSided ? 0 : -layer.scale), high.textContent = signed(layer.scale);
      describe();
    }

    const legend = element("div", { class: oneSided ? "lw-legend lw-one-sided" : "lw-legend" }, low, element("i"), high);
    const node = element("div", { class: "lw-loupe" }, title,
      element("div", { class: "lw-pair" },
        element("div", {}, frame, legend),
        element("div", { class: "lw-frame" }, input, fieldMarker)),
      text, note, kernels);
    return { node, show };
  }

  return { create };
})();
