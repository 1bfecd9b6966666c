/* Ten digits to try, each a few strokes of a few points on a 100 x 100 sheet.
 *
 * Written for this page, not taken from a data set. Corners are rounded when they
 * are drawn, except where a point is given twice.
 */
globalThis.SampleDigits = (() => {
  "use strict";

  const CORNERS = [
    [[[56, 15], [36, 17], [24, 38], [24, 64], [38, 86], [58, 86], [74, 66], [76, 40], [66, 19], [50, 13]]],
    [[[40, 30], [54, 14], [54, 14], [48, 86]]],
    [[[27, 34], [31, 15], [52, 11], [72, 20], [70, 42], [50, 63], [26, 86], [26, 86], [48, 83], [78, 86]]],
    [[[29, 22], [46, 11], [70, 16], [70, 38], [44, 46], [44, 46], [72, 52], [76, 76], [54, 91], [26, 82]]],
    [[[38, 14], [24, 54], [24, 54], [50, 56], [80, 52]], [[66, 20], [62, 50], [56, 90]]],
    [[[72, 14], [38, 16], [38, 16], [32, 46], [32, 46], [54, 38], [76, 52], [72, 80], [48, 90], [26, 80]]],
    [[[64, 12], [42, 26], [28, 54], [30, 82], [50, 92], [70, 80], [68, 58], [48, 52], [30, 68]]],
    [[[24, 20], [50, 19], [76, 16], [76, 16], [60, 44], [46, 88]]],
    [[[68, 22], [48, 10], [30, 22], [38, 40], [60, 54], [70, 74], [52, 92], [32, 80], [38, 58], [64, 40], [70, 22], [58, 12]]],
    [[[70, 30], [52, 12], [30, 24], [32, 46], [52, 50], [70, 32], [70, 32], [66, 60], [58, 90]]],
  ];

  // Chaikin's corner cutting: each segment gives way to its middle half; three
  // rounds look like a pen. The ends stay where they are.
  function round(points, rounds = 3) {
    if (!rounds) return points;
    const mix = (a, b, t) => [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
    const cut = [points[0]];
    for (let i = 1; i < points.length; i++)
      cut.push(mix(points[i - 1], points[i], 1 / 4), mix(points[i - 1], points[i], 3 / 4));
    cut.push(points.at(-1));
    return round(cut, rounds - 1);
  }

  return CORNERS.map((strokes) => strokes.map((stroke) => round(stroke)));
})();
