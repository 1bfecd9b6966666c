/* The arithmetic of a stack of layers: the twin of lenet_helpers.shapes.
 *
 *   Shapes.trace({ channels: 1, size: 32 }, [
 *     { kind: "conv", channels: 6, kernel: 5, stride: 1, padding: 0, dilation: 1, groups: 1 },
 *     { kind: "pool", kernel: 2, stride: 2, padding: 0, dilation: 1 },
 *     { kind: "linear", channels: 10 },
 *   ])  ->  { rows, total, error }
 *
 * Images and kernels are square. `error` is null or { layer, field, message }; the
 * rows before the faulty layer are still there. A test compares 1,000 random stacks
 * with shapes.trace on the same layers in PyTorch.
 */
globalThis.Shapes = (() => {
  "use strict";

  const LARGEST = 100000;
  const FIELDS = {
    input: ["channels", "size"],
    conv: ["channels", "kernel", "stride", "padding", "dilation", "groups"],
    pool: ["kernel", "stride", "padding", "dilation"],
    linear: ["channels"],
  };

  class Fault extends Error {
    constructor(field, message) {
      super(message);
      this.field = field;
    }
  }

  function checkNumbers(layer, kind) {
    for (const field of FIELDS[kind]) {
      const value = layer[field], least = field === "padding" ? 0 : 1;
      if (!Number.isInteger(value))
        throw new Fault(field, `${field} must be a whole number`);
      if (value < least || value > LARGEST)
        throw new Fault(field, `${field} must lie between ${least} and ${LARGEST.toLocaleString("en-US")}`);
    }
  }

  function outputSize(n, { kernel, stride, padding, dilation }) {
    const span = dilation * (kernel - 1) + 1, room = n + 2 * padding;
    if (span > room) {
      const margin = padding ? `${n} + 2·${padding} = ${room}` : `${n}`;
      const reach = dilation > 1 ? ` (dilated, it spans ${span})` : "";
      throw new Fault("kernel", `a kernel of ${kernel}${reach} does not fit into ${margin} pixels`);
    }
    return Math.floor((room - span) / stride) + 1;
  }

  // r' = r + (k - 1) d j and j' = j s, in pixels of the input.
  const seen = (before, kernel, stride, dilation) => ({
    field: before.field + (kernel - 1) * dilation * before.jump,
    jump: before.jump * stride,
  });

  const STEP = {
    conv(layer, before) {
      const { channels, kernel, stride, dilation, groups } = layer;
      if (before.channels % groups || channels % groups)
        throw new Fault("groups", `${groups} groups must divide both the ${before.channels} channels read and the ${channels} made`);
      const size = outputSize(before.size, layer);
      const fanIn = (before.channels / groups) * kernel * kernel, units = channels * size * size;
      return {
        channels, size, flat: false,
        params: channels * (fanIn + 1), // one bias a map
        macs: units * fanIn, // biases not counted
        connections: units * (fanIn + 1), // as the 1998 paper counts
        ...seen(before, kernel, stride, dilation),
      };
    },
    pool(layer, before) {
      const { kernel, stride, padding, dilation } = layer;
      if (padding > kernel / 2)
        throw new Fault("padding", `a pool's padding may be at most half its kernel, ${Math.floor(kernel / 2)}: otherwise a window could hold nothing but padding`);
      const size = outputSize(before.size, layer), { channels } = before;
      return {
        channels, size, flat: false, params: 0, macs: 0,
        connections: channels * size * size * kernel * kernel,
        ...seen(before, kernel, stride, dilation),
      };
    },
    // Reads the whole map, so it sees as far as a kernel of the map's size.
    linear({ channels }, before) {
      const fanIn = before.channels * before.size * before.size;
      return {
        channels, size: 1, flat: true,
        params: channels * (fanIn + 1), macs: channels * fanIn, connections: channels * (fanIn + 1),
        ...seen(before, before.size, 1, 1),
      };
    },
  };

  // The paper's labels: C, S or F for the kind, and the place in the stack.
  const nameOf = (layers, i) =>
    i === layers.length - 1 && layers[i].kind === "linear"
      ? "Output" : { conv: "C", pool: "S", linear: "F" }[layers[i].kind] + (i + 1);

  function step(layer, before, total) {
    checkNumbers(layer, layer.kind);
    if (before.flat && layer.kind !== "linear")
      throw new Fault("kind", "the layer before makes single units; a convolution or a pool needs maps");
    const row = STEP[layer.kind](layer, before);
    for (const count of Object.keys(total)) {
      total[count] += row[count];
      if (!Number.isSafeInteger(total[count]))
        throw new Fault(layer.kind === "pool" ? "kernel" : "channels", `the ${count} no longer fit into a number that can be counted exactly`);
    }
    if (!Number.isSafeInteger(row.field) || !Number.isSafeInteger(row.jump))
      throw new Fault("kernel", "the receptive field is too large to be counted exactly");
    return row;
  }

  function trace(input, layers) {
    const rows = [], sums = { params: 0, macs: 0, connections: 0 };
    let at = -1, total = { ...sums };
    try {
      checkNumbers(input, "input");
      let before = { ...input, flat: false, field: 1, jump: 1 };
      for (at = 0; at < layers.length; at++) {
        const next = { ...total };
        before = step(layers[at], before, next);
        total = next;
        rows.push({ name: nameOf(layers, at), kind: layers[at].kind, ...before });
      }
      return { rows, total, error: null };
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      const place = at < 0 ? "Input" : nameOf(layers, at);
      const error = { layer: at, field: fault.field, message: `${place}: ${fault.message}.` };
      return { rows, total, error };
    }
  }

  return { trace, nameOf, FIELDS };
})();
