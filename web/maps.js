/* Every layer of the network as pictures, and one of them enlarged.
 *
 *   const view = LayerMaps.create(net);     // view.node goes into the page
 *   view.update(LeNet.forward(net, pixels), greyPixels);
 *   view.lead("c3");                        // shows the strongest map of a layer
 */
globalThis.LayerMaps = (() => {
  "use strict";

  const { element, grid, paintSigned, largest, number } = Draw;

  // Kernel and stride tell the receptive field; `columns` is how a layer of single
  // units is laid out (the order of its units means nothing).
  const LAYERS = [
    { name: "c1", shown: "c1.act", kernel: 5, stride: 1 },
    { name: "s2", shown: "s2", kernel: 2, stride: 2 },
    { name: "c3", shown: "c3.act", kernel: 5, stride: 1 },
    { name: "s4", shown: "s4", kernel: 2, stride: 2 },
    { name: "c5", shown: "c5.act", kernel: 5, stride: 1, columns: 20 },
    { name: "f6", shown: "f6.act", kernel: 1, stride: 1, columns: 14 },
  ];
  let reach = 1, jump = 1; // pixels seen by a unit; pixels between neighbours
  for (const layer of LAYERS) {
    reach += (layer.kernel - 1) * jump;
    jump *= layer.stride;
    Object.assign(layer, { label: layer.name.toUpperCase(), reach, jump });
  }

  // Each unit of a layer with weights multiplies and adds once per input it reads.
  function multiplyAdds(net, name, { size }) {
    const weight = net.tensors[`${name}.weight`];
    return weight ? weight.data.length * size * size : 0;
  }

  // "16@10×10 · 240,000 multiply-adds · 2,416 parameters"
  function arithmetic(net, layer, { channels, size }) {
    const shape = size > 1 ? `${channels}@${size}×${size}` : `${channels} units`;
    const weight = net.tensors[`${layer.name}.weight`];
    if (!weight) {
      const kind = net.pool === "avg" ? "mean" : "largest";
      return `${shape} · ${kind} of each 2×2, nothing to learn`;
    }
    const sums = number(multiplyAdds(net, layer.name, { size }));
    const parameters = number(weight.data.length + channels);
    return `${shape} · ${sums} multiply-adds · ${parameters} parameters`;
  }

  // What one tile shows: a feature map, or all units of a layer without maps.
  function picture(layer, maps, index) {
    const { channels, size, data } = maps;
    if (layer.columns)
      return { width: layer.columns, height: channels / layer.columns, data };
    const area = size * size;
    return { width: size, height: size, data: data.subarray(index * area, (index + 1) * area) };
  }

  // The map with the largest value: something to look at before the reader picks one.
  function strongestMap({ channels, size, data }) {
    const peak = data.reduce((best, v, i) => (Math.abs(v) > Math.abs(data[best]) ? i : best), 0);
    return Math.floor(peak / (size * size)) % channels;
  }

  function layerRow(net, layer, maps, pick) {
    const count = layer.columns ? 1 : maps.channels;
    layer.tiles = Array.from({ length: count }, (_, i) => {
      const { width, height } = picture(layer, maps, i);
      const name = layer.columns
        ? `${layer.label}, all ${maps.channels} units`
        : `${layer.label}, map ${i + 1} of ${count}`;
      return element("button", {
        type: "button", class: "lw-tile", "aria-label": name, tabindex: i ? -1 : 0,
        onfocus: () => pick(layer, i),
        // Not where the page scrolled under a mouse that rests.
        onpointerenter: (event) => (event.pointerType !== "mouse" || event.movementX || event.movementY) && pick(layer, i),
      }, grid(width, height));
    });
    // One tab stop a layer; the arrow keys go from map to map.
    const onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const from = layer.tiles.indexOf(event.target);
      if (!step || from < 0) return;
      event.preventDefault();
      layer.tiles.at((from + step) % count).focus();
    };
    return element("div", { class: `lw-layer lw-${layer.name}` },
      element("p", {}, element("strong", {}, layer.label), " ",
        element("span", { class: "lw-muted" }, arithmetic(net, layer, maps))),
      element("div", { class: "lw-tiles", role: "group", "aria-label": `${layer.label} maps`, onkeydown },
        ...layer.tiles));
  }

  function create(net) {
    const loupe = Loupe.create(net);
    const layers = LAYERS.map((layer) => ({ ...layer }));
    let picked, maps, grey;

    function pick(layer, index) {
      picked = { layer, index };
      show(layer, index);
    }

    function show(layer, index) {
      for (const other of layers)
        other.tiles.forEach((tile, i) => {
          const here = other === layer && i === index;
          tile.toggleAttribute("data-chosen", here);
          if (other === layer) tile.tabIndex = here ? 0 : -1;
        });
      loupe.show(layer, index, picture(layer, maps[layer.shown], index), grey);
    }

    function update(newMaps, greyPixels) {
      maps = newMaps, grey = greyPixels;
      if (!layers[0].tiles) {
        rows.append(...layers.map((layer) => layerRow(net, layer, maps[layer.shown], pick)), total);
        const sums = Object.keys(maps).reduce((sum, name) => sum + multiplyAdds(net, name, maps[name]), 0);
        total.textContent = `Then ten outputs, the bars above. In all ${number(sums)} multiply-adds and ${number(learned)} parameters.`;
      }
      for (const layer of layers) {
        const scale = largest(maps[layer.shown].data);
        layer.tiles.forEach((tile, i) => {
          const { data } = picture(layer, maps[layer.shown], i);
          paintSigned(tile.firstChild, data, scale);
        });
        layer.scale = scale;
      }
      const c3 = layers[2], { layer, index } = picked ?? { layer: c3, index: strongestMap(maps[c3.shown]) };
      show(layer, index);
    }

    // Enlarges the strongest map of a layer, and gives the row that it lies in.
    function lead(name) {
      const layer = layers.find((other) => other.name === name);
      pick(layer, layer.columns ? 0 : strongestMap(maps[layer.shown]));
      return layer.tiles[0].closest(".lw-layer");
    }

    const learned = Object.values(net.tensors).reduce((sum, t) => sum + t.data.length, 0);
    const total = element("p", { class: "lw-muted lw-total" });
    const about = element("p", { class: "lw-muted lw-about" },
      "What each layer makes of the drawing. Point at a picture to enlarge it, then at a unit to find what it sees.");
    const rows = element("div", { class: "lw-layers" }, about);
    const node = element("div", { class: "lw-inside" }, rows, loupe.node);
    return { node, update, lead };
  }

  return { create };
})();
