/* A run of training on the bundled digits: steps, passes, scores, and what it reports.
 *
 * Like train-net.js one function without anything around it: in a worker it listens to
 * the page, and where there is none the page calls it in short slices.
 *
 *   const { receiver } = TrainRun(TrainNet(TrainLayers(), Drills.Stream), Drills.Stream);
 *   const receive = receiver(report => ..., 200);   // milliseconds between reports
 *   receive({ begin: { settings, digits: BundledDigits } });
 *   receive({ go: true });     // and { go: false }, { one: true }, { tune: { rate } }
 */
globalThis.TrainRun = (Net, Stream) => {
  "use strict";

  const SMALL = 8, BOX = 20, INPUT = 32, EDGE = (INPUT - BOX) / 2;

  // Pixels and share of the second one, for each place in the box: linear between the
  // centres of the small pixels.
  const between = Array.from({ length: BOX }, (_, i) => {
    const at = Math.min(SMALL - 1, Math.max(0, ((i + 0.5) * SMALL) / BOX - 0.5));
    const low = Math.min(SMALL - 2, Math.floor(at));
    return { low, share: at - low };
  });

  // A line of bundled-digits.js as 32 x 32 normalised pixels, as lenet_helpers has them.
  function enlarge(line, mean, std) {
    const ink = (y, x) => (line.charCodeAt(1 + y * SMALL + x) - 97) / 16;
    const pixels = new Float32Array(INPUT * INPUT).fill(-mean / std);
    for (let y = 0; y < BOX; y++)
      for (let x = 0; x < BOX; x++) {
        const { low: t, share: v } = between[y], { low: l, share: u } = between[x];
        const above = (1 - u) * ink(t, l) + u * ink(t, l + 1);
        const below = (1 - u) * ink(t + 1, l) + u * ink(t + 1, l + 1);
        const grey = Math.round(255 * ((1 - v) * above + v * below)) / 255;
        pixels[(y + EDGE) * INPUT + x + EDGE] = (grey - mean) / std;
      }
    return pixels;
  }

  function read(text, mean, std) {
    const lines = text.trim().split("\n");
    return { images: lines.map((line) => enlarge(line, mean, std)), labels: lines.map((line) => Number(line[0])) };
  }

  const prepare = ({ mean, std, train, heldOut }) => ({ train: read(train, mean, std), heldOut: read(heldOut, mean, std) });

  function shuffle(order, stream) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = stream.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
  }

  function create(settings, { train, heldOut }) {
    const net = Net.create(settings), stream = new Stream(settings.seed + 1);
    const order = train.labels.map((_, i) => i), { batch } = settings;
    const state = { step: 0, pass: 0, rate: settings.rate, momentum: settings.momentum, overflowed: false };
    let at = 0, right = 0, losses = [], scores = [], shown = 0, busy = 0;

    function endPass() {
      scores.push({ pass: ++state.pass, train: right / order.length, heldOut: net.score(heldOut.images, heldOut.labels) });
      at = right = 0;
    }

    function step() {
      if (at === 0) shuffle(order, stream);
      const begun = performance.now(), chosen = order.slice(at, at + batch);
      const told = net.learn(train.images, train.labels, chosen, state.rate, state.momentum);
      busy += performance.now() - begun;
      shown += chosen.length;
      state.step++;
      state.overflowed = !Number.isFinite(told.loss);
      if (!state.overflowed) losses.push(told.loss);
      right += told.right;
      at += batch;
      if (at >= order.length) endPass();
    }

    // What is new since the last report, and the weights as they stand.
    function report() {
      const news = { step: state.step, pass: state.pass, overflowed: state.overflowed, losses, scores };
      news.speed = (1000 * shown) / busy;
      news.parameters = net.parameters.slice();
      losses = [], scores = [], shown = busy = 0;
      return news;
    }

    return { state, step, report };
  }

  function receiver(post, slice) {
    let run, timer, going = false;
    function turn(milliseconds) {
      const until = performance.now() + milliseconds;
      do run.step();
      while (!run.state.overflowed && performance.now() < until);
      post(run.report());
    }
    function keepGoing() {
      turn(slice);
      if (!run.state.overflowed) timer = setTimeout(keepGoing);
    }
    return ({ begin, tune, one, go = going }) => {
      clearTimeout(timer);
      going = go;
      if (begin) run = create(begin.settings, prepare(begin.digits)), post(run.report());
      if (tune) Object.assign(run.state, tune);
      if (one) turn(0);
      if (going) timer = setTimeout(keepGoing);
    };
  }

  return { read, prepare, create, receiver };
};
