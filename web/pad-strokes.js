/* Strokes on the sheet: how they lie, which of them are one drawing, how bold they are.
 *
 * A stroke is a list of points [x, y]. Arithmetic only, as in preprocess.js.
 */
globalThis.Strokes = (() => {
  "use strict";

  const BOLDEST = 3; // pixels of the widest line in the 20 x 20 box; of MNIST's digits one in ten has a bolder one
  const DOT = 0.5; // of the pen's width: what is smaller looks like a dot on the sheet, whatever the hand did
  const FINE = 100; // cells along the longer side, at least
  const SPECK = 6; // what is so many times smaller than the largest drawing is a speck
  const SHARED = 0.4; // of the narrower one's width: then two lie above each other

  function bounds(strokes) {
    const xs = strokes.flat().map((p) => p[0]), ys = strokes.flat().map((p) => p[1]);
    return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
  }

  const longer = ({ left, right, top, bottom }) => Math.max(right - left, bottom - top);
  const extent = (strokes) => longer(bounds(strokes));

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

  // The pen that the network's input is drawn with. In a tiny drawing the line on the
  // sheet would fill the 20 x 20 box, loops and all; a dot has nothing but its pen.
  const pen = (strokes, width) => (strokes.length ? penFor(extent(strokes), width) : width);
  function penFor(long, width) {
    const part = BOLDEST / 20;
    return long < DOT * width ? width : Math.min(width, (long * part) / (1 - part));
  }

  // Pixels of a line's width in the 20 x 20 box.
  const boldness = (strokes, width) => (20 * width) / (extent(strokes) + width);

  // Strokes and pen as the input is made of them, enlarged until the cells of Preprocess,
  // one unit each, are fine enough for a tiny drawing.
  function forInput(strokes, width) {
    const bold = pen(strokes, width), scale = strokes.length ? Math.max(1, FINE / (extent(strokes) + bold)) : 1;
    return [strokes.map((stroke) => stroke.map((point) => point.map((v) => scale * v))), scale * bold];
  }

  const side = (a, b, p) => Math.sign((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]));
  const crosses = (a, b, c, d) => side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);

  // Segments of about a length: a hand leaves hundreds of points, and all pairs are looked at.
  function segments(stroke, length) {
    const kept = [stroke[0]];
    for (const point of stroke)
      if (point === stroke.at(-1) || Math.hypot(point[0] - kept.at(-1)[0], point[1] - kept.at(-1)[1]) > length) kept.push(point);
    return kept.map((b, i) => [kept[Math.max(0, i - 1)], b]);
  }

  // Whether two lines cross or come as near as `reach`.
  function meet(one, other, reach) {
    const first = segments(one, reach / 2), second = segments(other, reach / 2);
    const near = (lines, others) =>
      lines.some(([, p]) => others.some(([a, b]) => Preprocess.distanceToSegment(...p, a, b) <= reach));
    return near(first, second) || near(second, first) || first.some((s) => second.some((t) => crosses(...s, ...t)));
  }

  const joined = (one, other) => ({
    strokes: [...one.strokes, ...other.strokes],
    box: {
      left: Math.min(one.box.left, other.box.left), right: Math.max(one.box.right, other.box.right),
      top: Math.min(one.box.top, other.box.top), bottom: Math.max(one.box.bottom, other.box.bottom),
    },
  });

  function areOne(one, other, sheetPen) {
    const a = one.box, b = other.box, width = penFor(longer(joined(one, other).box), sheetPen);
    const gap = Math.max(a.left, b.left) - Math.min(a.right, b.right);
    const narrower = Math.min(a.right - a.left, b.right - b.left) + width;
    if (width - gap > SHARED * narrower) return true;
    const reach = Math.min(width, Math.max(longer(a), longer(b)) / SPECK);
    return gap <= reach && one.strokes.some((s) => other.strokes.some((t) => meet(s, t, reach)));
  }

  // Drawings from left to right, each a list of strokes. Strokes are one drawing if
  // they touch or lie above each other, as the two of a 5 do.
  function apart(strokes, width) {
    const drawings = [];
    for (const stroke of strokes) {
      let grown = { strokes: [stroke], box: bounds([stroke]) }, at;
      while ((at = drawings.findIndex((drawing) => areOne(grown, drawing, width))) >= 0)
        grown = joined(...drawings.splice(at, 1), grown);
      drawings.push(grown);
    }
    const largest = Math.max(...drawings.map(({ box }) => longer(box)));
    return drawings.filter(({ box }) => SPECK * longer(box) >= largest)
      .sort((a, b) => a.box.left - b.box.left).map((drawing) => drawing.strokes);
  }

  return { BOLDEST, bounds, turned, beginning, boldness, pen, forInput, apart };
})();
