/* A sheet to draw a digit on, and LeNet-5 reading it as it is drawn.
 *
 * Mounts itself on <div id="lenet-pad">. Needs draw.js, loupe.js, maps.js,
 * digits.js, preprocess.js, lenet.js, own-weights.js, weights.js and the other pad-*.js
 * before it. Nothing that is drawn leaves the page.
 */
(() => {
  "use strict";

  const { element, grid, paintGrey } = Draw;
  const INPUT = 32; // side of the network's input in pixels

  function mount(host) {
    const book = LeNet.load(LENET_WEIGHTS);
    let whole, net, layers, frame = 0; // net is `whole`, or what was broken of it
    let last, picked; // strokes at the last look, and the drawing chosen among them

    const sheet = PadSheet.create(schedule), answer = PadAnswer.create(pick);
    const seen = grid(INPUT, INPUT, { role: "img", "aria-hidden": false, "aria-label": "The 32 by 32 pixels that the network sees" });
    const inside = element("div"), why = element("div");
    const breaking = PadBreak.create(() => take()), tour = PadTour.create(partOf);

    // What a stop of the tour is about.
    function partOf(at) {
      const parts = { image: seen, output: answer.bars, softmax: answer.bars, why: answer.node };
      return parts[at] ?? layers.lead(at);
    }

    function use(chosen) {
      whole = chosen;
      why.replaceChildren(PadAnswer.wrong(whole));
      take();
    }

    function take() {
      net = breaking.damaged(whole);
      layers = LayerMaps.create(net);
      inside.replaceChildren(layers.node);
      schedule();
    }

    function pick(index) {
      picked = index;
      render();
    }

    function render() {
      frame = 0;
      const strokes = sheet.strokes(), width = sheet.width();
      if (String(strokes) !== last) last = String(strokes), picked = undefined;
      const drawings = Reading.read(net, strokes, width);
      const newest = drawings.findIndex((drawing) => drawing.strokes.includes(strokes.at(-1)));
      const chosen = picked ?? Math.max(0, newest), drawing = drawings[chosen];
      sheet.draw(drawings.length > 1 && drawing.strokes);
      paintGrey(seen, drawing.grey);
      answer.show(net, drawings, chosen, Reading.remark(net, drawing, drawings.length, width, PadSheet.SIDE));
      layers.update(drawing.maps, drawing.grey);
      breaking.report(drawing, net === whole ? drawing : Reading.one(whole, drawing.strokes, width));
      tour.update(net, drawing);
    }

    // Many pointer events, one picture a frame.
    function schedule() {
      frame ||= requestAnimationFrame(render);
    }

    host.classList.add("lw");
    host.replaceChildren(
      element("div", { class: "lw-top" }, sheet.node,
        element("div", { class: "lw-see" }, element("p", { class: "lw-caption" }, "It sees 32×32"), seen,
          element("p", { class: "lw-muted" }, "Scaled into 20×20 and centred by mass, as MNIST was made; then zero-padded.")),
        answer.node),
      OwnWeights.chooser(book, use),
      element("p", { class: "lw-caption lw-offer" }, "Or let the page write one"),
      sheet.samples, element("div", { class: "lw-more" }, tour.opener, why, breaking.node), inside, tour.node);
    render();
    render();
    Draw.onThemeChange(schedule);
    addEventListener("resize", schedule);
  }

  const host = document.getElementById("lenet-pad");
  if (host) mount(host);
})();
