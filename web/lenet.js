/* LeNet-5 in the page: the whole forward pass, in plain JavaScript.
 *
 * The twin of lenet_helpers.models.ModernLeNet5; a test holds every layer equal
 * to PyTorch's within 1e-5. A classic script: it works from a file, with no server.
 *
 *   const net = LeNet.load(LENET_WEIGHTS);        // from weights.js
 *   const maps = LeNet.forward(net, pixels);      // 32 x 32 normalised numbers
 *   maps.probabilities[7]                         // how sure it is of a seven
 *   maps["c1.act"].data                           // 6 x 28 x 28 activations
 */
globalThis.LeNet = (() => {
  "use strict";

  const ACTIVATIONS = {
    tanh: Math.tanh,
    sigmoid: (x) => 1 / (1 + Math.exp(-x)),
    relu: (x) => Math.max(0, x),
    scaled: (x) => 1.7159 * Math.tanh((2 / 3) * x), // of 1998
  };

  const POOLS = {
    avg: (a, b, c, d) => (a + b + c + d) / 4,
    max: Math.max,
  };

  // All maps of one layer lie in one array, map after map, row after row.
  const newMaps = (channels, size) => ({
    channels,
    size,
    data: new Float32Array(channels * size * size),
  });

  // A fully connected layer is a convolution of 1x1 maps with 1x1 kernels, so the
  // same loops serve C1, C3, C5, F6 and the output.
  function convolve(input, weight, bias) {
    const [outs, ins, k = 1] = weight.shape;
    const size = input.size - k + 1;
    const output = newMaps(outs, size);
    let unit = 0;
    for (let o = 0; o < outs; o++)
      for (let y = 0; y < size; y++)
        for (let x = 0; x < size; x++) {
          let sum = bias.data[o];
          for (let i = 0; i < ins; i++)
            for (let row = 0; row < k; row++) {
              const w = ((o * ins + i) * k + row) * k;
              const p = (i * input.size + y + row) * input.size + x;
              for (let col = 0; col < k; col++)
                sum += weight.data[w + col] * input.data[p + col];
            }
          output.data[unit++] = sum;
        }
    return output;
  }

  function pool(input, combine) {
    const output = newMaps(input.channels, input.size / 2);
    const { size } = output;
    for (let i = 0; i < output.data.length; i++) {
      const y = Math.floor(i / size); // the row, counted through all maps
      const p = 2 * y * input.size + 2 * (i % size);
      const q = p + input.size; // the pixel below
      const { data } = input;
      output.data[i] = combine(data[p], data[p + 1], data[q], data[q + 1]);
    }
    return output;
  }

  const activate = (maps, f) => ({ ...maps, data: maps.data.map(f) });

  function softmax(logits) {
    const top = Math.max(...logits); // without this, exp overflows on large logits
    const powers = Array.from(logits, (v) => Math.exp(v - top));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((p) => p / sum);
  }

  // Every layer's maps by name; "c1" is before the activation, "c1.act" after it.
  function forward(net, pixels) {
    const act = ACTIVATIONS[net.activation];
    const maps = { input: { channels: 1, size: 32, data: Float32Array.from(pixels) } };
    let x = maps.input;
    for (const name of ["c1", "s2", "c3", "s4", "c5", "f6", "output"]) {
      const { [`${name}.weight`]: weight, [`${name}.bias`]: bias } = net.tensors;
      x = maps[name] = weight ? convolve(x, weight, bias) : pool(x, POOLS[net.pool]);
      if (weight && name !== "output") x = maps[`${name}.act`] = activate(x, act);
    }
    // An eleventh, fixed logit: what is no digit (equation 9 of LeCun et al. 1998).
    const shares = softmax([...x.data, net.none ?? -Infinity]);
    maps.none = shares.pop();
    maps.probabilities = shares;
    return maps;
  }

  // weights.js holds each tensor as base64 text of little-endian float32.
  function load({ tensors, ...variant }) {
    const decoded = {};
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      decoded[name] = { shape, data: new Float32Array(bytes.buffer) };
    }
    return { ...variant, tensors: decoded };
  }

  return { ACTIVATIONS, POOLS, load, forward };
})();
