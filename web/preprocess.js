/* From pen strokes to the network's input, step by step as MNIST was made.
 *
 * LeCun et al. 1998 (section III-A): a black-and-white scan is scaled into a
 * 20x20 box, keeping its proportions, which leaves grey levels; the centre of mass
 * then goes to the centre of a 28x28 field. Measured on the 60,000 training images:
 * the longer side is 20 pixels (59,987 times), and the centre of mass lies within
 * half a pixel of row 14 and column 14, counted from 0.
 *
 * A stroke is a list of points [x, y]. Everything here is arithmetic: no canvas,
 * so every browser computes the same pixels.
 */
globalThis.Preprocess = (() => {
  "use strict";

  const BOX = 20, FIELD = 28, CENTRE = 14, INPUT = 32;

  function distanceToSegment(x, y, [ax, ay], [bx, by]) {
    const dx = bx - ax, dy = by - ay, length2 = dx * dx + dy * dy;
    const along = length2 ? ((x - ax) * dx + (y - ay) * dy) / length2 : 0;
    const t = Math.min(1, Math.max(0, along));
    return Math.hypot(x - ax - t * dx, y - ay - t * dy);
  }

  // Black or white, like the scans: a cell is ink when its centre lies under the
  // round pen. Only cells near a segment are looked at.
  function rasterise(strokes, pen) {
    const points = strokes.flat(), radius = pen / 2;
    const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
    const left = Math.floor(Math.min(...xs) - radius);
    const top = Math.floor(Math.min(...ys) - radius);
    const width = Math.ceil(Math.max(...xs) + radius) - left;
    const height = Math.ceil(Math.max(...ys) + radius) - top;
    const data = new Float32Array(width * height);
    for (const stroke of strokes)
      stroke.forEach((b, i) => {
        const a = stroke[Math.max(0, i - 1)]; // a single point is a dot
        const x0 = Math.floor(Math.min(a[0], b[0]) - radius) - left;
        const x1 = Math.ceil(Math.max(a[0], b[0]) + radius) - left;
        const y0 = Math.floor(Math.min(a[1], b[1]) - radius) - top;
        const y1 = Math.ceil(Math.max(a[1], b[1]) + radius) - top;
        for (let y = y0; y < y1; y++)
          for (let x = x0; x < x1; x++)
            if (distanceToSegment(left + x + 0.5, top + y + 0.5, a, b) <= radius)
              data[y * width + x] = 1;
      });
    return { width, height, data };
  }

  // Cuts away empty rows and columns: the 20x20 box is fitted to the ink.
  function trim({ width, height, data }) {
    let left = width, right = 0, top = height, bottom = 0;
    data.forEach((ink, i) => {
      if (!ink) return;
      const x = i % width, y = Math.floor(i / width);
      left = Math.min(left, x), right = Math.max(right, x + 1);
      top = Math.min(top, y), bottom = Math.max(bottom, y + 1);
    });
    const cut = new Float32Array((right - left) * (bottom - top));
    for (let y = top, i = 0; y < bottom; y++)
      for (let x = left; x < right; x++) cut[i++] = data[y * width + x];
    return { width: right - left, height: bottom - top, data: cut };
  }

  // Along one axis: which source cells lie under each target cell, and how much of
  // the target cell each of them covers. The shares of a target cell sum to 1.
  function shares(from, to) {
    const step = from / to;
    return Array.from({ length: to }, (_, target) => {
      const start = target * step, end = Math.min(from, start + step), list = [];
      for (let cell = Math.floor(start); cell < end; cell++) {
        const covered = Math.min(end, cell + 1) - Math.max(start, cell);
        if (covered > 0) list.push([cell, covered / step]);
      }
      return list;
    });
  }

  // Area averaging: a target pixel is the mean of what lies under it. This is where
  // MNIST's grey levels come from.
  function resample({ width, height, data }, newWidth, newHeight) {
    const columns = shares(width, newWidth), rows = shares(height, newHeight);
    const result = new Float32Array(newWidth * newHeight);
    rows.forEach((row, y) => columns.forEach((column, x) => {
      let sum = 0;
      for (const [sy, ry] of row)
        for (const [sx, cx] of column) sum += ry * cx * data[sy * width + sx];
      result[y * newWidth + x] = sum;
    }));
    return { width: newWidth, height: newHeight, data: result };
  }

  function fitIntoBox(image) {
    const scale = BOX / Math.max(image.width, image.height);
    const side = (n) => Math.max(1, Math.round(n * scale));
    return resample(image, side(image.width), side(image.height));
  }

  // Moves by whole pixels, so that centring never blurs. Ink that would leave the
  // field is lost; on no MNIST-like drawing does that happen.
  function centre({ width, height, data }) {
    let mass = 0, x = 0, y = 0;
    data.forEach((v, i) => {
      mass += v, x += v * (i % width), y += v * Math.floor(i / width);
    });
    const dx = Math.round(CENTRE - x / mass), dy = Math.round(CENTRE - y / mass);
    const field = new Float32Array(FIELD * FIELD);
    data.forEach((v, i) => {
      const column = (i % width) + dx, row = Math.floor(i / width) + dy;
      if (0 <= column && column < FIELD && 0 <= row && row < FIELD)
        field[row * FIELD + column] = v;
    });
    return field;
  }

  // Strokes -> 28x28 pixels in [0, 1], 1 is ink, as in the MNIST files.
  function toMnist(strokes, pen) {
    if (!strokes.length) return new Float32Array(FIELD * FIELD);
    return centre(fitIntoBox(trim(rasterise(strokes, pen))));
  }

  // Two rows and columns of background on every side, then the units of training.
  function toInput(pixels, { mean, std }) {
    const input = new Float32Array(INPUT * INPUT).fill(-mean / std);
    const margin = (INPUT - FIELD) / 2;
    pixels.forEach((v, i) => {
      const row = Math.floor(i / FIELD) + margin, column = (i % FIELD) + margin;
      input[row * INPUT + column] = (v - mean) / std;
    });
    return input;
  }

  return { distanceToSegment, toMnist, toInput };
})();
