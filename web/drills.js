/* Drills in the page: drawn and judged as by lenet_course.ch17_drills, from which the
 * book's build bakes the problems, drills-bank.js.
 *
 *   Drills.draw("shapes", "basic", 3)  ->  { question, unit, steps, answer, slips, ... }
 *   Drills.series(7, "basic", null, 0), Drills.check(drill, "28")
 *
 * Same seed, same problem as in a notebook: a test compares both over 1,000 seeds.
 * Stream and SEEDS need no bank.
 */
globalThis.Drills = (() => {
  "use strict";

  const LEVELS = ["basic", "intermediate", "advanced"];
  const SEEDS = 1000000;
  const TOLERANCE = 1e-3; // relative, for learning rates; counts are exact

  // mulberry32
  class Stream {
    constructor(seed) {
      this.state = seed >>> 0;
    }
    next() {
      this.state = (this.state + 0x6d2b79f5) >>> 0;
      const a = this.state;
      let t = Math.imul(a ^ (a >>> 15), a | 1);
      t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
      return (t ^ (t >>> 14)) >>> 0;
    }
    below(n) {
      return Math.floor((this.next() * n) / 2 ** 32);
    }
  }

  // "4 28 5" is form 4 with these numbers in the places that are marked #.
  function unpacked(problem) {
    const [form, ...numbers] = problem.split(" ");
    return JSON.parse(DrillBank.forms[form].replace(/#/g, () => numbers.shift()));
  }

  function draw(topic, level, seed) {
    const place = 4 * Object.keys(DrillBank.topics).indexOf(topic) + LEVELS.indexOf(level);
    const stream = new Stream(32 * seed + place);
    let found = DrillBank.problems[topic][level];
    while (Array.isArray(found)) found = found[stream.below(found.length)];
    return { topic, level, seed, ...unpacked(found) };
  }

  // Without a topic: all in turn, shuffled.
  function series(size, level, topic, seed) {
    const stream = new Stream(seed), topics = topic ? [topic] : Object.keys(DrillBank.topics);
    for (let i = topics.length - 1; i > 0; i--) {
      const j = stream.below(i + 1);
      [topics[i], topics[j]] = [topics[j], topics[i]];
    }
    return Array.from({ length: size }, (_, i) =>
      draw(topics[i % topics.length], level, stream.next() % SEEDS));
  }

  // "61 706", "61,706", "6e-4" and "0,05" are all numbers people type.
  function toNumber(text) {
    let t = text.normalize("NFKC").replace(/[\s_'’]/g, "").replace(/−/g, "-").replace("×10^", "e");
    if (/^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(t)) t = t.replaceAll(",", "");
    else if (/^[+-]?\d+,\d+$/.test(t)) t = t.replace(",", ".");
    const fits = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(t);
    return fits && Number.isFinite(Number(t)) ? Number(t) : NaN;
  }

  function check(drill, typed) {
    const value = toNumber(typed);
    if (Number.isNaN(value)) return { right: false, text: "That is not a number." };
    const same = (other) =>
      Math.abs(value - other) <= (drill.unit ? 1e-9 : TOLERANCE * Math.abs(other));
    if (same(drill.answer)) return { right: true, text: "" };
    const slip = drill.slips.find(([wrong]) => same(wrong));
    return { right: false, text: slip ? slip[1] : "Go through it once more, line by line." };
  }

  return {
    get TOPICS() { return DrillBank.topics; },
    get SECONDS() { return DrillBank.seconds; }, // to aim at, a drill
    LEVELS, SEEDS, Stream, draw, series, check, toNumber,
  };
})();
