/* LeNet-5 that learns, in plain JavaScript: forward, backward, one step of SGD.
 *
 * The same network as lenet.js and lenet_helpers.models.ModernLeNet5; a test holds
 * every gradient equal to PyTorch's. One function without anything around it, so that
 * its text can go into a worker; `Stream` is the generator of drills.js.
 *
 *   const { create } = TrainNet(TrainLayers(), Drills.Stream);
 *   const net = create({ activation: "relu", pool: "max", start: "pytorch", seed: 0 });
 *   net.learn(images, labels, [3, 7, 12], 0.05, 0.9)    // { loss, right } of the batch
 */
globalThis.TrainNet = (Layers, Stream) => {
  "use strict";

  const { ACTIVATIONS, convolution, dense, pooling, squash } = Layers;

  // A weight by its fan-in and fan-out; `uniform` is in -1..1, `normal` has spread 1.
  const STARTS = {
    pytorch: (draw, ins) => draw.uniform() / Math.sqrt(ins),
    he: (draw, ins) => draw.normal() * Math.sqrt(2 / ins),
    glorot: (draw, ins, outs) => draw.uniform() * Math.sqrt(6 / (ins + outs)),
    small: (draw) => 0.01 * draw.normal(),
    zeros: () => 0,
  };

  const SHAPES = {
    c1: [6, 1, 5, 5], c3: [16, 6, 5, 5], c5: [120, 16, 5, 5], f6: [84, 120], output: [10, 84],
  };
  const size = (shape) => shape.reduce((a, b) => a * b);

  function draws(seed) {
    const stream = new Stream(seed), unit = () => (stream.next() + 0.5) / 2 ** 32;
    const normal = () => Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit());
    return { uniform: () => 2 * unit() - 1, normal };
  }

  // All parameters lie in one array, so that a step is one loop; tensors are views of it.
  function tensorsIn(array) {
    const tensors = {};
    let at = 0;
    for (const [name, shape] of Object.entries(SHAPES))
      for (const [part, dimensions] of [["weight", shape], ["bias", [shape[0]]]])
        tensors[`${name}.${part}`] = { shape: dimensions, data: array.subarray(at, (at += size(dimensions))) };
    return tensors;
  }

  function begin(tensors, start, seed) {
    const draw = draws(seed);
    for (const name of Object.keys(SHAPES)) {
      const [outs, ins, k = 1] = SHAPES[name];
      const weight = tensors[`${name}.weight`].data, fanIn = ins * k * k;
      // C5 and what follows see each unit once: their fan-out is their units.
      const fanOut = name === "c1" || name === "c3" ? outs * k * k : outs;
      weight.forEach((_, i) => (weight[i] = STARTS[start](draw, fanIn, fanOut)));
      if (start !== "pytorch") continue; // the others begin with biases of 0
      const bias = tensors[`${name}.bias`].data;
      bias.forEach((_, i) => (bias[i] = STARTS.pytorch(draw, fanIn)));
    }
  }

  function create({ activation, pool, start, seed }) {
    const parameters = new Float32Array(61706), gradient = new Float32Array(61706);
    const velocity = new Float32Array(61706);
    const tensors = tensorsIn(parameters), grad = tensorsIn(gradient), act = ACTIVATIONS[activation];
    begin(tensors, start, seed);
    const layers = [
      squash(convolution("c1", 1, 32, tensors, grad), act),
      pooling(pool, 6, 28),
      squash(convolution("c3", 6, 14, tensors, grad), act),
      pooling(pool, 16, 10),
      squash(dense("c5", tensors, grad), act),
      squash(dense("f6", tensors, grad), act),
      dense("output", tensors, grad),
    ];
    const back = layers.map(({ y }) => new Float32Array(y.length)); // dL/dy of each

    function forward(pixels) {
      let x = pixels;
      for (const layer of layers) layer.forward(x, layer.y), (x = layer.y);
      return x;
    }

    function backward(pixels) {
      for (let l = layers.length - 1; l >= 0; l--) {
        if (l) back[l - 1].fill(0);
        layers[l].backward(l ? layers[l - 1].y : pixels, back[l], back[l - 1]);
      }
    }

    // The cross-entropy; dL/dlogits, over `count` images, is left where backward begins.
    function lose(logits, label, count) {
      const top = Math.max(...logits), powers = Array.from(logits, (z) => Math.exp(z - top));
      const sum = powers.reduce((a, b) => a + b);
      powers.forEach((e, k) => (back.at(-1)[k] = (e / sum - (k === label)) / count));
      return Math.log(sum) + top - logits[label];
    }

    const answer = (logits) => logits.indexOf(Math.max(...logits));

    function differentiate(images, labels, batch) {
      let loss = 0, right = 0;
      gradient.fill(0);
      for (const i of batch) {
        const logits = forward(images[i]);
        loss += lose(logits, labels[i], batch.length) / batch.length;
        right += answer(logits) === labels[i];
        backward(images[i]);
      }
      return { loss, right };
    }

    // As torch.optim.SGD does it.
    function learn(images, labels, batch, rate, momentum) {
      const told = differentiate(images, labels, batch);
      for (let i = 0; i < parameters.length; i++)
        parameters[i] -= rate * (velocity[i] = momentum * velocity[i] + gradient[i]);
      return told;
    }

    const score = (images, labels) =>
      images.filter((pixels, i) => answer(forward(pixels)) === labels[i]).length / labels.length;

    return { parameters, tensors, grad, forward, differentiate, learn, score };
  }

  return { create, tensorsIn };
};
