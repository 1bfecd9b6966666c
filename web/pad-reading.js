/* What the network makes of the sheet: each drawing read by itself, and one sentence. */
globalThis.Reading = (() => {
  "use strict";

  // Softmax never reaches 100 %, so the page never says so.
  const percent = (p) => (p > 0.9995 ? ">\u00a099.9\u00a0%" : `${(100 * p).toFixed(1)}\u00a0%`);

  function one(net, strokes, width) {
    const input = Preprocess.toInput(Preprocess.toMnist(...Strokes.forInput(strokes, width)), net);
    const maps = LeNet.forward(net, input);
    return {
      strokes, maps,
      grey: input.map((v) => v * net.std + net.mean),
      ranked: maps.probabilities.map((p, digit) => ({ p, digit })).sort((a, b) => b.p - a.p),
      refused: maps.none >= net.threshold, // never, by a network that has no threshold
    };
  }

  // From left to right; an empty sheet is one drawing without strokes.
  const read = (net, strokes, width) =>
    (strokes.length ? Strokes.apart(strokes, width) : [[]]).map((drawing) => one(net, drawing, width));

  const answer = ({ refused, ranked }) => (refused ? "no digit" : String(ranked[0].digit));

  function headline(drawings) {
    if (!drawings[0].strokes.length && drawings[0].refused) return "Nothing is drawn";
    if (drawings.every((drawing) => drawing.refused)) return drawings.length > 1 ? "No digit among these" : "This is no digit";
    return `It reads ${drawings.map(answer).join(", ")}`;
  }

  const outside = (strokes, sheet) => strokes.flat().some((point) => point.some((v) => v < 0 || v > sheet));

  // One honest sentence about this answer; `width` is the pen on a sheet of this side.
  function remark(net, drawing, count, width, sheet) {
    const { strokes, refused, maps, ranked: [first, second] } = drawing;
    if (!strokes.length)
      return refused ? "Draw a digit, or something else." : "Nothing is drawn, and it answers all the same: it cannot say that there is no digit.";
    if (count > 1) return `${count} drawings, each read by itself. The framed one is shown; choose another by its answer.`;
    if (refused)
      return `It gives ${percent(maps.none)} to “none”, and refuses from ${percent(net.threshold)} on.` +
        (strokes.length > 1 ? " Several digits? Leave room between them." : "");
    if (first.p < 0.8)
      return `It hesitates between ${first.digit} (${percent(first.p)}) and ` +
        (maps.none > second.p ? `no digit (${percent(maps.none)}).` : `${second.digit} (${percent(second.p)}).`);
    if (outside(strokes, sheet)) return "Part of it lies off the sheet; the pen was followed there.";
    if (Strokes.pen(strokes, width) < width)
      return `In 20 pixels its line would be ${Strokes.boldness(strokes, width).toFixed(1)} wide, more blot than line; it is drawn ${Strokes.BOLDEST} wide.`;
    return "It is sure. That is not the same as right: turn the digit, or draw something like one.";
  }

  return { percent, one, read, answer, headline, remark };
})();
