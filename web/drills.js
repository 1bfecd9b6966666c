/* Random problems for a pencil: the twin of lenet_course.ch17_drills.
 *
 *   Drills.draw("shapes", "basic", 3)  ->  { question, unit, steps, answer, slips, ... }
 *   Drills.series(7, "basic", null, 0), Drills.check(drill, "28")
 *
 * Same seed, same problem: every function draws its numbers in the order in which the
 * Python function of its name does. A test compares both over 1,000 seeds.
 */
globalThis.Drills = (() => {
  "use strict";

  const TOPICS = {
    shapes: "Output sizes",
    parameters: "Parameters",
    macs: "Multiply-adds",
    connections: "Connections",
    "receptive-field": "Receptive field",
    memory: "Memory",
    schedule: "Steps and learning rates",
  };
  const SECONDS = { basic: 45, intermediate: 90, advanced: 180 }; // to aim at, a drill
  const LEVELS = Object.keys(SECONDS);
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

  // A whole number with commas; n / 10^places without a trailing zero.
  const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
  function decimal(n, places) {
    const digits = String(n).padStart(places + 1, "0");
    const point = digits.length - places;
    return `${digits.slice(0, point)}.${digits.slice(point)}`.replace(/0+$/, "").replace(/\.$/, "");
  }
  const half = (n) => Math.floor(n / 2);

  // ---- Sizes ----

  const NO_FIRST = "That counts the steps. The place it starts from counts as well.";
  const BOTH_SIDES = "Padding lies on both sides.";
  const NO_PADDING = "What does the padding add?";

  function shapes_basic(pick) {
    const n = pick(20, 24, 27, 28, 32, 48, 64), k = pick(3, 5, 7), p = pick(0, 0, 1, 2);
    const padded = n + 2 * p, answer = padded - k + 1;
    return {
      given: { n, k, p },
      question: `A ${k}×${k} kernel slides over an image of ${n}×${n} pixels with stride 1 and padding ${p}. How wide is a map of the output?`,
      unit: "pixels",
      steps: [
        `With padding on both sides the image is ${n} + 2·${p} = ${padded} pixels wide.`,
        `The kernel has ${padded} − ${k} + 1 = ${answer} places along it.`,
      ],
      answer,
      slips: [
        [padded - k, NO_FIRST],
        [n + p - k + 1, BOTH_SIDES],
        [n - k + 1, NO_PADDING],
        [n, "Only a padding of (k − 1)/2 keeps the size."],
      ],
    };
  }

  function shapes_intermediate(pick) {
    const n = pick(28, 32, 55, 64, 96, 224, 227), k = pick(3, 5, 7, 11);
    const s = pick(2, 3, 4), p = Math.min(pick(0, 1, 2, 3), half(k));
    const way = n + 2 * p - k, steps = Math.floor(way / s);
    return {
      given: { n, k, s, p },
      question: `An image of ${n}×${n} pixels, a ${k}×${k} kernel, stride ${s}, padding ${p}: how wide is a map of the output?`,
      unit: "pixels",
      steps: [
        `From its first place the kernel can move ${n} + 2·${p} − ${k} = ${way} pixels.`,
        `These hold ⌊${way}/${s}⌋ = ${steps} steps of ${s} pixels.`,
        `One place more than steps: ${steps + 1}.`,
      ],
      answer: steps + 1,
      slips: [
        [steps, NO_FIRST],
        [Math.ceil(way / s) + 1, "A step that would leave the image is not taken: round down."],
        [Math.floor((n + p - k) / s) + 1, BOTH_SIDES],
        [Math.floor((n - k) / s) + 1, NO_PADDING],
        [way + 1, "The stride is not 1."],
      ],
    };
  }

  function shapes_advanced(pick) {
    const n = pick(28, 32, 36, 48), k1 = pick(3, 5, 7);
    const p = Math.min(pick(0, 1, 2), half(k1)), c1 = pick(6, 8, 16);
    const k2 = pick(3, 5), c2 = pick(16, 32, 50, 64);
    const first = n + 2 * p - k1 + 1, pooled = half(first);
    const second = pooled - k2 + 1, last = half(second), answer = c2 * last * last;
    const bare = half(half(n - k1 + 1) - k2 + 1);
    return {
      given: { n, k1, p, c1, k2, c2 },
      question: `A grey image of ${n}×${n} goes through a convolution (${c1} kernels of ${k1}×${k1}, padding ${p}), a 2×2 pool with stride 2, a convolution (${c2} kernels of ${k2}×${k2}, no padding) and the same pool. How many features must the first dense layer read?`,
      unit: "features",
      steps: [
        `First convolution: ${n} + 2·${p} − ${k1} + 1 = ${first}.`,
        `Pool: ⌊${first}/2⌋ = ${pooled}.`,
        `Second convolution: ${pooled} − ${k2} + 1 = ${second}.`,
        `Pool: ⌊${second}/2⌋ = ${last}.`,
        `Flattened: ${c2}·${last}·${last} = ${count(answer)}. The ${c1} maps in the middle do not matter.`,
      ],
      answer,
      slips: [
        [last * last, "That is one map. How many are there?"],
        [c2 * last, "A map has two sides."],
        [c2 * second * second, "That is before the second pool."],
        [c1 * last * last, "The maps that are flattened are those of the last."],
        [c2 * bare * bare, NO_PADDING],
      ],
    };
  }

  // Receptive field of [name, kernel, stride, dilation] layers, step by step.
  function field(layers) {
    let size = 1, jump = 1;
    const steps = ["Start from one pixel: field 1, jump 1."];
    for (const [name, k, s, d] of layers) {
      const wide = d === 1 ? `(${k} − 1)` : `${d}·(${k} − 1)`;
      const grown = size + d * (k - 1) * jump;
      const line = `${name}: field ${size} + ${wide}·${jump} = ${grown}`;
      steps.push(line + (s > 1 ? `, jump ${jump}·${s} = ${jump * s}.` : "."));
      size = grown;
      jump *= s;
    }
    return [size, steps];
  }

  function say([name, k, s, d]) {
    const extra = [...(s > 1 ? [`stride ${s}`] : []), ...(d > 1 ? [`dilation ${d}`] : [])];
    return `a ${k}×${k} ${name}` + (extra.length ? ` with ${extra.join(" and ")}` : "");
  }

  function fieldDrill(layers) {
    const [answer, steps] = field(layers);
    let jump = 1, early = 1, flat = 1, kernels = 0;
    for (const [, k, s, d] of layers) {
      jump *= s;
      early += d * (k - 1) * jump;
      flat += d * (k - 1);
      kernels += k;
    }
    const [narrow] = field(layers.map(([name, k, s]) => [name, k, s, 1]));
    return {
      given: { layers: layers.map(([, ...numbers]) => numbers) },
      question: `An image goes through ${layers.map(say).join(", then ")}. How many pixels wide is the receptive field of one unit of the last layer?`,
      unit: "pixels",
      steps,
      answer,
      slips: [
        [flat, "After a stride, neighbours lie further apart in the image."],
        [early, "A layer's own stride moves only the layers after it."],
        [narrow, "Dilation spreads the kernel."],
        [kernels, "Fields of neighbours overlap: each layer adds k − 1, not k."],
      ],
    };
  }

  function receptive_field_basic(pick) {
    const layers = [];
    for (let left = pick(2, 3); left > 0; left--) layers.push(["convolution", pick(3, 5, 7), 1, 1]);
    return fieldDrill(layers);
  }

  function receptive_field_intermediate(pick) {
    const layers = [["convolution", pick(3, 5, 7), 1, 1], ["pool", pick(2, 3), 2, 1]];
    layers.push(["convolution", pick(3, 5, 7), 1, 1]);
    if (pick(0, 1)) layers.push(["pool", 2, 2, 1]);
    return fieldDrill(layers);
  }

  function receptive_field_advanced(pick) {
    return fieldDrill([
      ["convolution", pick(3, 5, 7, 11), pick(1, 2, 4), 1],
      ["pool", pick(2, 3), 2, 1],
      ["convolution", pick(3, 5), 1, pick(1, 2, 3)],
      ["pool", pick(2, 3), 2, 1],
      ["convolution", 3, 1, 1],
    ]);
  }

  // ---- Parameters ----

  const ONE_BIAS = "These are the weights. Each map has a bias, too.";
  const PER_KERNEL = "A bias belongs to a map, not to a kernel.";

  function parameters_basic(pick) {
    const cin = pick(1, 3, 6, 16, 32, 64), cout = pick(6, 16, 32, 64, 96, 120);
    const k = pick(1, 3, 5), one = cin * k * k + 1;
    return {
      given: { cin, cout, k },
      question: `How many parameters has a convolution that makes ${cout} maps out of ${cin} with ${k}×${k} kernels and biases?`,
      unit: "parameters",
      steps: [
        `One map reads ${cin} maps with ${k}·${k} weights each and has one bias: ${cin}·${k * k} + 1 = ${one}.`,
        `${cout} maps: ${cout}·${one} = ${count(cout * one)}.`,
      ],
      answer: cout * one,
      slips: [
        [cout * cin * k * k, ONE_BIAS],
        [cout * cin * (k * k + 1), PER_KERNEL],
        [cout * (k * k + 1), "Every map reads all maps before it."],
        [one, "That is one map of the output."],
      ],
    };
  }

  const parameters_intermediate = (pick) => (pick(0, 1) ? dense(pick) : groups(pick));

  function dense(pick) {
    const c = pick(16, 32, 50, 64), m = pick(4, 5, 6, 7), units = pick(10, 84, 100, 120);
    const features = c * m * m;
    return {
      given: { kind: "dense", c, m, units },
      question: `${c} maps of ${m}×${m} are flattened and read by a dense layer of ${units} units. How many parameters has the layer?`,
      unit: "parameters",
      steps: [
        `Flattened: ${c}·${m}·${m} = ${count(features)} values.`,
        `One unit: ${count(features)} weights and a bias, ${count(features + 1)}.`,
        `${units} units: ${units}·${count(features + 1)} = ${count(units * (features + 1))}.`,
      ],
      answer: units * (features + 1),
      slips: [
        [units * features, "These are the weights. Each unit has a bias, too."],
        [units * (c + 1), "A unit reads every value of a map, not the map."],
        [units * features + 1, "Each unit has its own bias."],
      ],
    };
  }

  function groups(pick) {
    const cin = pick(32, 48, 64, 96), cout = pick(64, 96, 128), k = pick(3, 5), g = pick(2, 4);
    const part = cin / g, one = part * k * k + 1;
    return {
      given: { kind: "groups", cin, cout, k, g },
      question: `A convolution makes ${cout} maps out of ${cin} with ${k}×${k} kernels in ${g} groups, with biases. How many parameters has it?`,
      unit: "parameters",
      steps: [
        `In ${g} groups a map reads ${cin}/${g} = ${part} maps.`,
        `One map: ${part}·${k * k} + 1 = ${count(one)}.`,
        `${cout} maps: ${cout}·${count(one)} = ${count(cout * one)}.`,
      ],
      answer: cout * one,
      slips: [
        [cout * part * k * k, ONE_BIAS],
        [cout * (cin * k * k + 1), "In groups, a map does not read all maps."],
        [(cout / g) * one, "All groups together still make all maps."],
      ],
    };
  }

  const parameters_advanced = (pick) => (pick(0, 1) ? network(pick) : table(pick));

  function network(pick) {
    const n = pick(28, 32), cin = pick(1, 3), c = pick(6, 8, 16), k = pick(3, 5);
    const m = half(n - k + 1), conv = c * (cin * k * k + 1);
    const features = c * m * m, last = 10 * (features + 1);
    return {
      given: { kind: "network", n, cin, c, k },
      question: `A network for images of ${cin}@${n}×${n}: ${c} kernels of ${k}×${k} without padding, ReLU, a 2×2 max pool with stride 2, a dense layer to 10 classes. How many parameters has it?`,
      unit: "parameters",
      steps: [
        `Convolution: ${c}·(${cin}·${k * k} + 1) = ${count(conv)}.`,
        `Its maps are ${n} − ${k} + 1 = ${n - k + 1} wide, pooled ${m}. ReLU and max pool have no parameters.`,
        `Flattened: ${c}·${m}·${m} = ${count(features)}.`,
        `Dense: 10·(${count(features)} + 1) = ${count(last)}.`,
        `Together: ${count(conv)} + ${count(last)} = ${count(conv + last)}.`,
      ],
      answer: conv + last,
      slips: [
        [last, "That is the dense layer alone."],
        [c * cin * k * k + 10 * features, "Those are the weights: add the biases."],
        [conv + 10 * (c * (n - k + 1) ** 2 + 1), "The pool stands between the two layers."],
        [conv + 10 * (c + 1), "The dense layer reads every value of a map."],
      ],
    };
  }

  // A connection table like Table I of LeCun et al. 1998: who reads how many.
  function drawTable(pick) {
    const t = { s: pick(6, 8), a: pick(4, 6), p: pick(2, 3), b: pick(6, 9), q: pick(4, 5), k: pick(3, 5) };
    const words = `${t.a} maps read ${t.p} maps each, ${t.b} read ${t.q} each, and one reads all ${t.s}; kernels are ${t.k}×${t.k}`;
    return [t, words];
  }

  function countTable({ s, a, p, b, q }) {
    const kernels = a * p + b * q + s, maps = a + b + 1;
    const lines = [
      `Kernels: ${a}·${p} + ${b}·${q} + ${s} = ${kernels}.`,
      `Maps, each with one bias: ${a} + ${b} + 1 = ${maps}.`,
    ];
    return [kernels, maps, lines];
  }

  function table(pick) {
    const [t, words] = drawTable(pick), [kernels, maps, lines] = countTable(t);
    const kk = t.k * t.k, answer = kernels * kk + maps;
    return {
      given: { kind: "table", ...t },
      question: `A layer with a connection table, as C3 of 1998: ${words}. How many trainable parameters has it?`,
      unit: "parameters",
      steps: [...lines, `Parameters: ${kernels}·${kk} + ${maps} = ${count(answer)}.`],
      answer,
      slips: [
        [kernels * kk, ONE_BIAS],
        [kernels * (kk + 1), PER_KERNEL],
        [maps * (t.s * kk + 1), "That joins every map to every map."],
      ],
    };
  }

  // ---- Work for one image ----

  const STORED = "These are the parameters. How often is each used for one image?";
  const BIASES = "Biases are not counted as multiply-adds.";
  const BIAS_COUNTS = "In 1998 the bias is a connection, too.";

  function macs_basic(pick) {
    const cin = pick(1, 3, 6, 16), c = pick(6, 8, 16), m = pick(8, 10, 14, 28), k = pick(3, 5);
    const weights = cin * k * k, units = c * m * m;
    return {
      given: { cin, c, m, k },
      question: `A convolution makes ${c} maps of ${m}×${m} out of ${cin} with ${k}×${k} kernels. How many multiply-adds is that for one image? (Biases are not counted.)`,
      unit: "multiply-adds",
      steps: [
        `One unit: ${cin}·${k}·${k} = ${weights} multiply-adds.`,
        `Units: ${c}·${m}·${m} = ${count(units)}.`,
        `Together: ${count(units)}·${weights} = ${count(units * weights)}.`,
      ],
      answer: units * weights,
      slips: [
        [units * (weights + 1), BIASES],
        [units * k * k, "A unit reads all maps before it."],
        [m * m * weights, "That is one map of the output."],
        [c * (weights + 1), STORED],
        [2 * units * weights, "Those are operations: two to a multiply-add."],
      ],
    };
  }

  function macs_intermediate(pick) {
    const n = pick(28, 32, 64), cin = pick(1, 3), c = pick(6, 8, 16), k = pick(3, 5), s = pick(1, 2);
    const p = Math.min(pick(0, 1, 2), half(k)), m = Math.floor((n + 2 * p - k) / s) + 1;
    const weights = cin * k * k, units = c * m * m;
    return {
      given: { n, cin, c, k, s, p },
      question: `An image of ${cin}@${n}×${n} is read by ${c} kernels of ${k}×${k}, stride ${s}, padding ${p}. How many multiply-adds? (Biases are not counted.)`,
      unit: "multiply-adds",
      steps: [
        `Side of a map: ⌊(${n} + 2·${p} − ${k})/${s}⌋ + 1 = ${m}.`,
        `Units: ${c}·${m}·${m} = ${count(units)}.`,
        `One unit: ${cin}·${k}·${k} = ${weights} multiply-adds.`,
        `Together: ${count(units)}·${weights} = ${count(units * weights)}.`,
      ],
      answer: units * weights,
      slips: [
        [units * (weights + 1), BIASES],
        [c * n * n * weights, "Count the units of the output, not the pixels."],
        [c * (weights + 1), STORED],
        [m * m * weights, "That is one map of the output."],
      ],
    };
  }

  function macs_advanced(pick) {
    const c = pick(16, 32, 64), d = pick(32, 64, 128), m = pick(7, 14, 28);
    const depth = c * 9, point = c * d, answer = m * m * (depth + point);
    return {
      given: { c, d, m },
      question: `A depthwise separable convolution turns ${c} maps of ${m}×${m} into ${d}: first a 3×3 kernel for each map (padding 1), then a 1×1 convolution. How many multiply-adds? (Biases are not counted.)`,
      unit: "multiply-adds",
      steps: [
        `Depthwise, at one position: ${c}·9 = ${count(depth)}.`,
        `Pointwise, at one position: ${c}·${d} = ${count(point)}.`,
        `Positions: ${m}·${m} = ${m * m}.`,
        `Together: ${m * m}·(${count(depth)} + ${count(point)}) = ${count(answer)}; a plain 3×3 convolution takes ${count(m * m * c * d * 9)}.`,
      ],
      answer,
      slips: [
        [m * m * c * d * 9, "That is the plain convolution."],
        [m * m * depth, "That is the depthwise half."],
        [m * m * point, "That is the pointwise half."],
        [depth + point, "That is one position."],
      ],
    };
  }

  function connections_basic(pick) {
    const c = pick(4, 6, 8), n = pick(16, 20, 28, 32), k = pick(3, 5);
    const m = n - k + 1, one = k * k + 1, units = c * m * m;
    return {
      given: { c, n, k },
      question: `${c} kernels of ${k}×${k} read a grey image of ${n}×${n}, without padding. How many connections has the layer, counted as in 1998, where a unit's bias is one of them?`,
      unit: "connections",
      steps: [
        `A map is ${n} − ${k} + 1 = ${m} wide: ${c}·${m}·${m} = ${count(units)} units.`,
        `A unit has ${k}·${k} + 1 = ${one} connections.`,
        `Together: ${count(units)}·${one} = ${count(units * one)}.`,
      ],
      answer: units * one,
      slips: [
        [units * k * k, BIAS_COUNTS],
        [c * one, STORED],
        [c * n * n * one, "The kernel has no place at every pixel."],
        [m * m * one, "That is one map."],
      ],
    };
  }

  function connections_intermediate(pick) {
    const c = pick(4, 6, 12, 16), n = pick(8, 10, 20, 24, 28), m = half(n), units = c * m * m;
    return {
      given: { c, n },
      question: `A subsampling layer of 1998 halves ${c} maps of ${n}×${n} with 2×2 windows. How many connections has it?`,
      unit: "connections",
      steps: [
        `Units: ${c}·${m}·${m} = ${count(units)}.`,
        "Each reads 2·2 units and a bias: 5 connections.",
        `Together: ${count(units)}·5 = ${count(units * 5)}. Its parameters are far fewer: a coefficient and a bias a map, ${2 * c}.`,
      ],
      answer: units * 5,
      slips: [
        [units * 4, BIAS_COUNTS],
        [units * 6, "The coefficient is shared by the four inputs: no connection."],
        [2 * c, "These are the parameters."],
        [c * n * n * 5, "Count the units of the output."],
        [m * m * 5, "That is one map."],
      ],
    };
  }

  function connections_advanced(pick) {
    const m = pick(8, 10, 12);
    const [t, words] = drawTable(pick), [kernels, maps, lines] = countTable(t);
    const kk = t.k * t.k, one = kernels * kk + maps;
    return {
      given: { m, ...t },
      question: `A layer of ${m}×${m} maps has a connection table: ${words}. How many connections has it, biases included?`,
      unit: "connections",
      steps: [
        ...lines,
        `At one position: ${kernels}·${kk} + ${maps} = ${count(one)}.`,
        `At ${m}·${m} positions: ${m * m}·${count(one)} = ${count(m * m * one)}.`,
      ],
      answer: m * m * one,
      slips: [
        [m * m * kernels * kk, BIAS_COUNTS],
        [one, STORED],
        [m * m * kernels * (kk + 1), PER_KERNEL],
        [m * m * maps * (t.s * kk + 1), "That joins every map to every map."],
      ],
    };
  }

  // ---- What training takes ----

  const BYTES = { float64: 8, float32: 4, float16: 2 };

  function memory_basic(pick) {
    const n = pick(2578, 9760, 60000, 61706, 44426, 1250000);
    const kind = pick("float64", "float32", "float16"), size = BYTES[kind];
    return {
      given: { n, kind },
      question: `A network has ${count(n)} parameters. How many bytes do they take in ${kind}?`,
      unit: "bytes",
      steps: [
        `${kind} has ${8 * size} bits: ${size} bytes.`,
        `${count(n)}·${size} = ${count(n * size)} bytes.`,
      ],
      answer: n * size,
      slips: [
        [n * size * 8, "These are bits."],
        [n * 4, "That would be float32."],
        [n, "That would be one byte a parameter."],
      ],
    };
  }

  function memory_intermediate(pick) {
    const batch = pick(32, 64, 128, 256), c = pick(8, 16, 32, 64), m = pick(8, 14, 16, 28);
    const one = c * m * m, answer = Math.floor((batch * one * 4) / 1024);
    return {
      given: { batch, c, m },
      question: `A layer puts out ${c} maps of ${m}×${m} in float32, for a batch of ${batch} images. How many KiB (1,024 bytes) does this output take?`,
      unit: "KiB",
      steps: [
        `One image: ${c}·${m}·${m} = ${count(one)} values.`,
        `The batch: ${batch}·${count(one)} = ${count(batch * one)} values.`,
        `In bytes: 4·${count(batch * one)} = ${count(4 * batch * one)}.`,
        `Divided by 1,024: ${count(answer)} KiB.`,
      ],
      answer,
      slips: [
        [Math.floor((batch * one) / 1024), "A float32 has four bytes."],
        [batch * one * 4, "These are bytes."],
        [(one * 4) / 1024, "That is one image of the batch."],
        [(batch * one * 4) / 1000, "A KiB has 1,024 bytes; 1,000 are a kB."],
      ],
    };
  }

  function memory_advanced(pick) {
    const n = pick(256, 400, 784, 1024), units = pick(84, 120, 128, 500);
    const [name, extra, words] = pick(
      ["SGD without momentum", 0, "nothing"],
      ["SGD with momentum", 1, "one velocity"],
      ["Adam", 2, "two running means"],
    );
    const params = (n + 1) * units, copies = 2 + extra;
    return {
      given: { n, units, optimiser: name },
      question: `A dense layer from ${n} values to ${units} units is trained in float32 by ${name}. How many bytes do its weights and biases, their gradients and the optimiser's state take together?`,
      unit: "bytes",
      steps: [
        `Parameters: (${n} + 1)·${units} = ${count(params)}.`,
        `For each: its value, its gradient, and of the optimiser ${words}: ${copies} numbers.`,
        `${copies}·4·${count(params)} = ${count(copies * 4 * params)} bytes.`,
      ],
      answer: copies * 4 * params,
      slips: [
        [4 * params, "Those are the parameters alone."],
        [(1 + extra) * 4 * params, "There is a gradient for each parameter."],
        [2 * 4 * params, "What does the optimiser keep for each parameter?"],
        [(copies + 1) * 4 * params, "That optimiser keeps less."],
        [copies * 4 * n * units, "Biases are trained, too."],
        [copies * params, "A float32 has four bytes."],
      ],
    };
  }

  function schedule_basic(pick) {
    const n = pick(50000, 54000, 55000, 60000), batch = pick(32, 50, 64, 100, 128, 256);
    const epochs = pick(2, 5, 10, 20), full = Math.floor(n / batch), rest = n % batch;
    const steps = full + (rest > 0 ? 1 : 0);
    const end = rest ? `${rest} images are left for a short batch` : "no image is left";
    return {
      given: { n, batch, epochs },
      question: `You train on ${count(n)} images in batches of ${batch} for ${epochs} epochs and keep the last, shorter batch of each. How many steps does the optimiser take?`,
      unit: "steps",
      steps: [
        `Full batches: ⌊${count(n)}/${batch}⌋ = ${count(full)}; ${end}.`,
        `An epoch: ${count(steps)} steps.`,
        `${epochs} epochs: ${epochs}·${count(steps)} = ${count(epochs * steps)}.`,
      ],
      answer: epochs * steps,
      slips: [
        [epochs * full, "The short batch at the end of an epoch is a step, too."],
        [Math.ceil((n * epochs) / batch), "A batch does not run on into the next epoch."],
        [steps, "That is one epoch."],
        [epochs * n, "One step takes a whole batch."],
      ],
    };
  }

  function schedule_intermediate(pick) {
    const base = pick(1000, 500, 400, 100), f = pick(1, 2, 5);
    const every = pick(10, 20, 30), drops = pick(1, 2, 3), more = pick(0, 1, 5, 9);
    const epoch = every * drops + more, rate = decimal(base, 4), factor = decimal(f, 1);
    const n = base * f ** drops, places = 4 + drops;
    return {
      given: { base, f, every, epoch },
      question: `The learning rate starts at ${rate} and is multiplied by ${factor} after every ${every} epochs. What is it in epoch ${epoch}, counted from 0?`,
      unit: "",
      steps: [
        `Drops before epoch ${epoch}: ⌊${epoch}/${every}⌋ = ${drops}.`,
        `${rate}·${factor}${["", "²", "³"][drops - 1]} = ${decimal(n, places)}.`,
      ],
      answer: n / 10 ** places,
      slips: [
        [(n * f) / 10 ** (places + 1), "One drop too many."],
        [(base * f ** (drops - 1)) / 10 ** (places - 1), "One drop too few."],
        [base / 10 ** 4, "That is where it starts."],
      ],
    };
  }

  function schedule_advanced(pick) {
    const peak = pick(1000, 400, 100, 8), warm = pick(100, 200, 500), length = pick(600, 1200);
    const at = pick(0, 1, 2, 3), part = pick(1, 2, 3);
    const step = at ? warm + (length * (at + 1)) / 6 : (warm * part) / 4;
    const quarters = at ? 4 - at : part, top = decimal(peak, 4), n = peak * quarters * 25;
    const third = ["", "1/3", "1/2", "2/3"][at], cosine = ["", "1/2", "0", "−1/2"][at];
    const steps = at
      ? [
          `Step ${step} is ${step} − ${warm} = ${step - warm} steps into the cosine.`,
          `That is ${third} of its ${length}, and cos(π·${third}) = ${cosine}.`,
          `${top}·(1 + cos)/2 = ${decimal(n, 6)}.`,
        ]
      : [
          `Step ${step} lies in the warm-up, at ${part}/4 of it.`,
          `${top}·${part}/4 = ${decimal(n, 6)}.`,
        ];
    const slips = [
      [peak / 10 ** 4, "That is the peak."],
      [(peak * (4 - quarters)) / 4 / 10 ** 4, "The other way round."],
    ];
    if (at) slips.push([(peak * (length - (step - warm))) / length / 10 ** 4, "A cosine is not a straight line."]);
    return {
      given: { peak, warm, length, step },
      question: `The learning rate rises in a line from 0 to ${top} during ${warm} warm-up steps and then falls to 0 along half a cosine of ${length} steps. What is it at step ${step}?`,
      unit: "",
      steps,
      answer: n / 10 ** 6,
      slips,
    };
  }

  // ---- Drawing and checking ----

  const PROBLEMS = {
    shapes: [shapes_basic, shapes_intermediate, shapes_advanced],
    parameters: [parameters_basic, parameters_intermediate, parameters_advanced],
    macs: [macs_basic, macs_intermediate, macs_advanced],
    connections: [connections_basic, connections_intermediate, connections_advanced],
    "receptive-field": [receptive_field_basic, receptive_field_intermediate, receptive_field_advanced],
    memory: [memory_basic, memory_intermediate, memory_advanced],
    schedule: [schedule_basic, schedule_intermediate, schedule_advanced],
  };

  function draw(topic, level, seed) {
    const place = 4 * Object.keys(TOPICS).indexOf(topic) + LEVELS.indexOf(level);
    const stream = new Stream(32 * seed + place);
    const pick = (...options) => options[stream.below(options.length)];
    return { topic, level, seed, ...PROBLEMS[topic][LEVELS.indexOf(level)](pick) };
  }

  // Without a topic: all in turn, shuffled.
  function series(size, level, topic, seed) {
    const stream = new Stream(seed), topics = topic ? [topic] : Object.keys(TOPICS);
    for (let i = topics.length - 1; i > 0; i--) {
      const j = stream.below(i + 1);
      [topics[i], topics[j]] = [topics[j], topics[i]];
    }
    return Array.from({ length: size }, (_, i) =>
      draw(topics[i % topics.length], level, stream.next() % SEEDS));
  }

  // "61 706", "61,706", "6e-4" and "0,05" are all numbers people type.
  function toNumber(text) {
    let t = text.replace(/[\s_'’]/g, "").replace(/−/g, "-").replace("×10^", "e");
    if (/^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(t)) t = t.replaceAll(",", "");
    else if (/^[+-]?\d+,\d+$/.test(t)) t = t.replace(",", ".");
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(t) ? Number(t) : NaN;
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

  return { TOPICS, LEVELS, SECONDS, SEEDS, Stream, draw, series, check, toNumber };
})();
