/* The answer beside the sheet: what is read, eleven bars, one sentence.
 *
 *   const answer = PadAnswer.create(pick);     // pick(i) when the reader chooses one of several
 *   answer.show(net, drawings, chosen, words);
 */
globalThis.PadAnswer = (() => {
  "use strict";

  const { element } = Draw;
  const { percent, headline, answer } = Reading;

  function bars() {
    const names = [...Array(10).keys(), "none"];
    const rows = names.map((name) => {
      const bar = element("i"), value = element("span", { class: "lw-number" });
      const node = element("li", {}, element("b", {}, String(name)), element("span", { class: "lw-bar", "aria-hidden": "true" }, bar), value);
      return { node, bar, value };
    });
    const node = element("ul", { "aria-label": "Probability of each digit, and of none" }, ...rows.map((row) => row.node));
    function show({ maps, ranked, refused }, hasNone) {
      const best = refused ? 10 : ranked[0].digit;
      rows[10].node.hidden = !hasNone;
      [...maps.probabilities, maps.none].forEach((share, i) => {
        rows[i].bar.style.width = `${100 * share}%`;
        rows[i].value.textContent = percent(share);
        rows[i].node.toggleAttribute("data-best", i === best);
      });
    }
    return { node, show };
  }

  function create(pick) {
    const best = element("p", { class: "lw-best" }), hint = element("p", { class: "lw-hint" });
    const spoken = element("p", { class: "lw-spoken", role: "status" });
    const list = bars();
    let speech = 0;

    // One answer is a large figure, several are buttons that show their drawing.
    function title(drawings, chosen) {
      if (drawings.every((drawing) => drawing.refused)) return [element("strong", { class: "lw-words" }, headline(drawings))];
      if (drawings.length === 1) return ["It reads ", element("strong", {}, answer(drawings[0]))];
      return ["It reads ", ...drawings.map((drawing, i) =>
        element("button", {
          type: "button", class: "lw-read", "aria-pressed": String(i === chosen), onclick: () => choose(i),
          "aria-label": `Drawing ${i + 1} of ${drawings.length}: ${answer(drawing)}`,
        }, drawing.refused ? "–" : answer(drawing)))];
    }

    function choose(i) {
      pick(i);
      best.querySelectorAll("button")[i]?.focus();
    }

    function show(net, drawings, chosen, words) {
      const drawing = drawings[chosen];
      best.replaceChildren(...title(drawings, chosen));
      list.show(drawing, net.none !== undefined);
      hint.textContent = words;
      // A screen reader hears the answer once the hand rests.
      clearTimeout(speech);
      const share = drawings.length > 1 || drawing.refused ? "" : `, ${percent(drawing.ranked[0].p)}`;
      speech = setTimeout(() => { spoken.textContent = `${headline(drawings).replace("It", "The network")}${share}.`; }, 600);
    }

    const node = element("div", { class: "lw-answer" }, element("div", { class: "lw-result" }, best, list.node), hint, spoken);
    return { node, bars: list.node, show };
  }

  const LOOK = "Look at the 32×32 pixels it sees. If you cannot read the digit there, neither can it.";

  // What may be behind a wrong answer of this network.
  function reasons({ none, threshold, refused, letters_refused: letters }) {
    if (none === undefined)
      return [LOOK, "It must choose one of ten digits, and the ten bars always add up to 100 %. A letter, a scribble or an empty sheet gets an answer too, often a confident one."];
    return [LOOK,
      `The bar “none” stands for what is no digit. It learned that from letters, figures, scribbles, empty sheets and digits that lie on their side, and refuses from ${percent(threshold)} on.
       The price: it turns away ${refused.toFixed(2)} % of MNIST's test digits, too. Of printed letters in typefaces that it had not seen it turns away ${letters.toFixed(1)} %.`,
      "What somebody may write for a digit is one: an O is a 0, an l a 1, a 6 upside down a 9.",
      "It learned from MNIST, digits by staff of the US Census Bureau and by high-school students, and from digits that code drew for this page, such as a 1 with a long flag or a crossed 7. You may have been taught yet another one."];
  }

  const wrong = (net) =>
    element("details", { class: "lw-wrong" }, element("summary", {}, "Did it get it wrong?"),
      element("ul", {}, ...reasons(net).map((text) => element("li", {}, text))));

  return { create, wrong };
})();
