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

  // The colours of the book's figures (lenet_helpers/plots/maps.py), from -scale to +scale.
  const SIGNED = ["5ab4ff", "1d6fb0", "101214", "b87400", "ffc24d"].map((colour) =>
    [0, 2, 4].map((i) => parseInt(colour.slice(i, i + 2), 16)));

  function paint(canvas, values, toColour) {
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    values.forEach((v, i) => image.data.set([...toColour(v), 255], 4 * i));
    context.putImageData(image, 0, 0);
  }

  function signedColour(t) { // what is no number is black
    const place = 2 + 2 * Math.max(-1, Math.min(1, t || 0)), below = Math.min(3, Math.floor(place));
    return SIGNED[below].map((from, i) => from + (place - below) * (SIGNED[below + 1][i] - from));
  }

  const paintSigned = (canvas, values, scale) =>
    paint(canvas, values, (v) => signedColour(v / (scale || 1)));

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
    element, grid, signedColour, paintSigned, paintGrey, onThemeChange, fetched, largest, number, signed,
  };
})();
