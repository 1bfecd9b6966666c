/* Ten stops on the way from the picture to the answer: what is to be seen at each, said of
 * the very drawing that is shown. Every number is computed from its maps.
 *
 *   PadStops.about(net, drawing)     // [{ at: "c1", title, text }, ...]
 */
globalThis.PadStops = (() => {
  "use strict";

  const { number, signed } = Draw, { percent } = Reading;
  const count = (data, test) => data.reduce((sum, v) => sum + (test(v) ? 1 : 0), 0);

  // The unit with the largest value, by its sign or without.
  function peak({ channels, size, data }) {
    const unit = data.reduce((best, v, i) => (Math.abs(v) > Math.abs(data[best]) ? i : best), 0);
    const place = unit % (size * size);
    return { unit: unit + 1, map: Math.floor(unit / (size * size)) + 1, row: Math.floor(place / size) + 1, column: (place % size) + 1, value: signed(data[unit]), channels };
  }

  const times = (ratio) => (ratio > 1e6 ? "more than a million" : ratio < 10 ? ratio.toFixed(1) : number(Math.round(ratio)));

  function image(net, { grey }) {
    const ink = count(grey, (v) => v > 1 / 255);
    if (!ink) return "An empty field: 1,024 pixels of background. All that follows is what the network makes of nothing.";
    return `1,024 pixels, ${number(ink)} of them with ink. The drawing was scaled until its longer side had 20 pixels, and moved until its centre of mass lay in the middle. All that follows is computed from these numbers.`;
  }

  function c1(net, { maps }) {
    const map = maps["c1.act"], { data } = map, { map: best, row, column, value } = peak(map);
    const cut = net.activation === "relu" ? ` ${percent(count(data, (v) => v === 0) / data.length)} of its 4,704 units are at 0: ReLU cuts off what is below.` : "";
    return `Six kernels of 5×5 weights slide over the pixels; each makes a map of 28×28. Map ${best} answers most: ${value} in row ${row}, column ${column}.${cut}`;
  }

  function s2(net, { maps }) {
    const before = peak(maps["c1.act"]).value, after = peak(maps.s2).value;
    if (net.pool === "max")
      return `The largest of each 2×2 goes on, and which of the four it was is forgotten: 4,704 numbers become 1,176. The peak of C1 ${before === after ? `is still there: ${after}` : `was ${before}; here the strongest is ${after}`}.`;
    return `The mean of each 2×2 goes on: 4,704 numbers become 1,176. The peak of C1, ${before}, is levelled; the strongest is ${after}.`;
  }

  function c3(net, { maps }) {
    const map = maps["c3.act"], { map: best, row, column, value } = peak(map);
    const silent = Array.from({ length: 16 }, (_, i) => map.data.subarray(100 * i, 100 * i + 100)).filter((part) => part.every((v) => v === 0)).length;
    return `Sixteen maps of 10×10. A unit reads all six maps of S2 and so sees 14×14 pixels. Map ${best} answers most: ${value} in row ${row}, column ${column}.` +
      (silent ? ` ${silent === 1 ? "One map is" : `${silent} maps are`} at 0 everywhere.` : " None of the maps is at 0 everywhere.");
  }

  function s4(net, { maps }) {
    const zeros = count(maps.s4.data, (v) => v === 0);
    return `Halved again: 400 numbers are left of the picture, ${zeros ? `${zeros} of them 0` : "none of them 0"}. The strongest is ${peak(maps.s4).value}, in map ${peak(maps.s4).map}.`;
  }

  function c5(net, { maps }) {
    const { data } = maps["c5.act"], { unit, value } = peak(maps["c5.act"]);
    return `120 units, each with a weight for every one of the 400 numbers; rows and columns are gone. ${count(data, (v) => v > 0)} are above 0. Unit ${unit} answers most: ${value}.`;
  }

  function f6(net, { maps, ranked: [{ digit }] }) {
    const { data } = maps["f6.act"], weight = net.tensors["output.weight"].data.subarray(84 * digit, 84 * digit + 84);
    const parts = data.map((v, i) => v * weight[i]);
    const best = parts.reduce((top, v, i) => (v > parts[top] ? i : top), 0);
    return `84 units, ${count(data, (v) => v > 0)} above 0. Unit ${best + 1} speaks most for the ${digit}: its value ${signed(data[best])}, times its weight ${signed(weight[best])}, puts ${signed(parts[best])} on that output.`;
  }

  function output(net, { maps, ranked: [first, second] }) {
    const z = maps.output.data, none = net.none === undefined ? "" : " An eleventh number, “none”, is always 0.";
    return `Ten weighted sums of F6, the logits. ${first.digit} has ${signed(z[first.digit])}, then comes ${second.digit} with ${signed(z[second.digit])}.${none}`;
  }

  // The two largest of the logits, and what becomes of their distance.
  function softmax(net, { maps }) {
    const rows = [...maps.output.data].map((z, digit) => ({ z, name: `the ${digit}`, share: maps.probabilities[digit] }));
    if (net.none !== undefined) rows.push({ z: net.none, name: "“none”", share: maps.none });
    const [first, second] = rows.sort((a, b) => b.z - a.z), lead = first.z - second.z;
    return `e to the power of each, divided by their sum: shares that add up to 100 %. ${first.name[0].toUpperCase() + first.name.slice(1)} leads ${second.name} by ${lead.toFixed(2)}, so its share is ${times(Math.exp(lead))} times as large: ${percent(first.share)} against ${percent(second.share)}.`;
  }

  function why(net, { maps, refused, ranked: [first] }) {
    if (net.threshold === undefined)
      return `This network has no word for “no digit”: its ten shares add up to 100 % whatever it sees. ${first.digit} has the largest, ${percent(first.p)}.`;
    const z = maps.output.data, top = Math.max(...z);
    const all = top + Math.log(z.reduce((sum, v) => sum + Math.exp(v - top), 0));
    const limit = Math.log(1 / net.threshold - 1);
    return `Together the ten logits reach ${signed(all)} (the logarithm of the sum of their powers of e), “none” stands at 0. It refuses where they reach ${signed(limit)} or less, for then “none” has ${percent(net.threshold)} or more. ` +
      (refused ? "So it says: no digit." : first.p < 0.8 ? `So it answers, though the ${first.digit} has no more than ${percent(first.p)}.` : `So it answers, and is sure of the ${first.digit}: ${percent(first.p)}.`);
  }

  const STOPS = [
    ["image", "The picture", image], ["c1", "C1, six kernels", c1], ["s2", "S2, a coarser copy", s2],
    ["c3", "C3, maps of maps", c3], ["s4", "S4, coarser again", s4], ["c5", "C5, where places end", c5],
    ["f6", "F6, the last hidden layer", f6], ["output", "The output, ten sums", output], ["softmax", "Softmax, from sums to shares", softmax],
    ["why", "Why it answers, or not", why],
  ];
  const about = (net, drawing) => STOPS.map(([at, title, text]) => ({ at, title, text: text(net, drawing) }));

  return { about };
})();
