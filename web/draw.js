/* What the page's parts share: elements, colours, and painting numbers as pixels. */
globalThis.Draw = (() => {
  "use strict";

  // element("p", { class: "note" }, "text", child): one node with its attributes.
  function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== false) node.setAttribute(name, value === true ? "" : value);
    node.append(...children);
    return node;
  }

  // One pixel of the canvas a number; the style sheet enlarges it without blur.
  const grid = (width, height, attributes = {}) =>
    element("canvas", { width, height, class: "lw-grid", "aria-hidden": "true", ...attributes });

  // The colours are CSS variables, so that they follow the theme.
  function colour(node, name) {
    const text = getComputedStyle(node).getPropertyValue(name).trim();
    return [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16)); // "#rrggbb"
  }

  const palette = (node) => ({
    negative: colour(node, "--lw-negative"),
    zero: colour(node, "--lw-zero"),
    positive: colour(node, "--lw-positive"),
  });

  function paint(canvas, values, toColour) {
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    values.forEach((v, i) => image.data.set([...toColour(v), 255], 4 * i));
    context.putImageData(image, 0, 0);
  }

  // Zero is the colour of the paper; full colour is reached at -scale and +scale.
  function paintSigned(canvas, values, scale, colours) {
    paint(canvas, values, (v) => {
      const end = v < 0 ? colours.negative : colours.positive;
      const t = Math.min(1, Math.abs(v) / (scale || 1));
      return colours.zero.map((from, i) => from + t * (end[i] - from));
    });
  }

  // Ink is white on black, as in MNIST, whatever the theme.
  const paintGrey = (canvas, pixels) =>
    paint(canvas, pixels, (v) => Array(3).fill(255 * v));

  // The book says its theme on <html>; a page of its own follows the system.
  function onThemeChange(redraw) {
    new MutationObserver(redraw).observe(document.documentElement, {
      attributeFilter: ["data-theme"],
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  }

  // A script that is not needed at once; a page opened from a file may not `fetch`.
  const fetched = (address) => new Promise((done, failed) =>
    document.head.append(element("script", { src: address, onload: done, onerror: failed })));

  const largest = (values) => values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const number = (v) => v.toLocaleString("en-US");
  const signed = (v) => v.toFixed(2).replace("-", "−");

  return {
    element, grid, palette, paintSigned, paintGrey, onThemeChange, fetched, largest, number, signed,
  };
})();
