/* Interviews that were held in this browser, and how their points went. */
globalThis.MockHistory = (() => {
  "use strict";

  const { element } = globalThis.Draw ?? {};
  const KEY = "lenet-inside-out:interviews", MOST = 100;
  const memory = globalThis.LenetStorage;
  const SVG = "http://www.w3.org/2000/svg";

  // From an older book, or not ours: only what can have been an interview counts.
  const held = () => {
    const list = memory.read(KEY);
    const good = (h) => h && Number.isInteger(h.got) && Number.isInteger(h.best) && h.best > 0
      && h.got >= 0 && h.got <= h.best && Object.hasOwn(InterviewBank.rounds, h.round) && typeof h.day === "string";
    return Array.isArray(list) ? list.filter(good) : [];
  };

  const add = (one) => memory.write(KEY, [...held(), { day: LenetProgress.today(), ...one }].slice(-MOST));

  function shape(tag, attributes) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  }

  // The last interviews as a curve of per cent, with the pass mark; and as a table.
  function curve(language) {
    const zh = language === "zh", last = held().slice(-20);
    if (last.length < 2) return [];
    const [width, height] = [320, 90];
    const x = (i) => 8 + (i * (width - 16)) / (last.length - 1), y = (share) => height - 8 - share * (height - 16);
    const picture = shape("svg", { viewBox: `0 0 ${width} ${height}`, class: "lw-history", "aria-hidden": "true" });
    const mark = y(InterviewBank.pass / 100);
    picture.append(
      shape("line", { x1: 0, x2: width, y1: mark, y2: mark, class: "lw-history-mark" }),
      shape("polyline", { points: last.map((h, i) => `${x(i)},${y(h.got / h.best)}`).join(" ") }),
      ...last.map((h, i) => shape("circle", { cx: x(i), cy: y(h.got / h.best), r: 3 })));
    const rows = [...last].reverse().map((h) => element("tr", {},
      element("td", {}, h.day), element("td", {}, InterviewBank.rounds[h.round].name[zh ? 1 : 0]),
      element("td", {}, `${h.got} / ${h.best}`), element("td", {}, `${Math.round((100 * h.got) / h.best)}%`)));
    return [element("p", { class: "lw-caption" }, zh ? "历次面试" : "Your interviews"), picture,
      element("table", {}, element("tbody", {}, ...rows))];
  }

  return { held, add, curve };
})();
