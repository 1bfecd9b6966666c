/* The layers of LeNet-5, forward and backward, for train-net.js.
 *
 * A layer has its output `y`, and adds what it knows to the gradients: forward(x, y),
 * backward(x, dy, dx). Tensors come as { "c1.weight": { data } }, gradients likewise.
 * One function without anything around it, so that its text can go into a worker.
 */
globalThis.TrainLayers = () => {
  "use strict";

  const S = 2 / 3, A = 1.7159; // LeCun et al. 1998, appendix A
  // The function, and its slope told from its own value. NaN has to come through.
  const ACTIVATIONS = {
    tanh: [Math.tanh, (y) => 1 - y * y],
    sigmoid: [(x) => 1 / (1 + Math.exp(-x)), (y) => y * (1 - y)],
    relu: [(x) => (x < 0 ? 0 : x), (y) => (y > 0 ? 1 : 0)],
    scaled: [(x) => A * Math.tanh(S * x), (y) => S * (A - (y * y) / A)],
  };

  // ---- Convolution: five products a turn, the row of the kernel in registers ----

  // y += kernel row * x, over the rows of one map.
  function addRows(y, q, x, p, side, w, k) {
    const out = side - 4, w0 = w[k], w1 = w[k + 1], w2 = w[k + 2], w3 = w[k + 3], w4 = w[k + 4];
    for (let row = 0; row < out; row++, p += side) {
      let a, b = x[p], c = x[p + 1], d = x[p + 2], e = x[p + 3];
      for (let i = p + 4, end = q + out; q < end; q++, i++) {
        a = b, b = c, c = d, d = e, e = x[i];
        y[q] += w0 * a + w1 * b + w2 * c + w3 * d + w4 * e;
      }
    }
  }

  // The gradient of that row of the kernel.
  function addToKernel(dw, k, dy, q, x, p, side) {
    const out = side - 4;
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0;
    for (let row = 0; row < out; row++, p += side) {
      let a, b = x[p], c = x[p + 1], d = x[p + 2], e = x[p + 3];
      for (let i = p + 4, end = q + out; q < end; q++, i++) {
        const g = dy[q];
        a = b, b = c, c = d, d = e, e = x[i];
        s0 += g * a, s1 += g * b, s2 += g * c, s3 += g * d, s4 += g * e;
      }
    }
    dw[k] += s0, dw[k + 1] += s1, dw[k + 2] += s2, dw[k + 3] += s3, dw[k + 4] += s4;
  }

  // And of what it read: every dy goes back to the five pixels it came from.
  function addToInput(dx, p, dy, q, side, w, k) {
    const out = side - 4, w0 = w[k], w1 = w[k + 1], w2 = w[k + 2], w3 = w[k + 3], w4 = w[k + 4];
    for (let row = 0; row < out; row++, p += side) {
      let a = 0, b = 0, c = 0, d = 0, i = p;
      for (const end = q + out; q < end; q++, i++) {
        const g = dy[q];
        dx[i] += a + w0 * g;
        a = b + w1 * g, b = c + w2 * g, c = d + w3 * g, d = w4 * g;
      }
      dx[i] += a, dx[i + 1] += b, dx[i + 2] += c, dx[i + 3] += d;
    }
  }

  function convolution(name, ins, side, weight, grad) {
    const w = weight[`${name}.weight`].data, bias = weight[`${name}.bias`].data;
    const dw = grad[`${name}.weight`].data, dbias = grad[`${name}.bias`].data;
    const outs = bias.length, area = (side - 4) ** 2;
    function eachRow(visit) {
      for (let o = 0, k = 0; o < outs; o++)
        for (let i = 0; i < ins; i++)
          for (let row = 0; row < 5; row++, k += 5) visit(o * area, (i * side + row) * side, k);
    }
    return {
      y: new Float32Array(outs * area),
      forward(x, y) {
        bias.forEach((b, o) => y.fill(b, o * area, (o + 1) * area));
        eachRow((q, p, k) => addRows(y, q, x, p, side, w, k));
      },
      backward(x, dy, dx) {
        for (let q = 0; q < dy.length; q++) dbias[(q / area) | 0] += dy[q];
        eachRow((q, p, k) => addToKernel(dw, k, dy, q, x, p, side));
        if (dx) eachRow((q, p, k) => addToInput(dx, p, dy, q, side, w, k));
      },
    };
  }

  // ---- The other layers ----

  function dense(name, weight, grad) {
    const w = weight[`${name}.weight`].data, bias = weight[`${name}.bias`].data;
    const dw = grad[`${name}.weight`].data, dbias = grad[`${name}.bias`].data;
    const outs = bias.length, ins = w.length / outs;
    return {
      y: new Float32Array(outs),
      forward(x, y) {
        for (let o = 0, k = 0; o < outs; o++) {
          let a = bias[o], b = 0, c = 0, d = 0; // four sums that do not wait for one another
          for (let i = 0; i < ins; i += 4, k += 4)
            a += w[k] * x[i], b += w[k + 1] * x[i + 1], c += w[k + 2] * x[i + 2], d += w[k + 3] * x[i + 3];
          y[o] = a + b + c + d;
        }
      },
      backward(x, dy, dx) {
        for (let o = 0; o < outs; o++) {
          const g = dy[o];
          if (g === 0) continue; // half of them, with ReLU
          dbias[o] += g;
          for (let i = 0, k = o * ins; i < ins; i++, k++) dw[k] += g * x[i], dx[i] += g * w[k];
        }
      },
    };
  }

  function pooling(kind, maps, side) {
    const half = side / 2, count = maps * half * half, winner = new Int32Array(count);
    const corner = (q) => 2 * (q % half) + 2 * side * ((q / half) | 0); // rows of all maps
    const average = {
      y: new Float32Array(count),
      forward(x, y) {
        for (let q = 0; q < count; q++) {
          const p = corner(q);
          y[q] = (x[p] + x[p + 1] + x[p + side] + x[p + side + 1]) / 4;
        }
      },
      backward(x, dy, dx) {
        for (let q = 0; q < count; q++) {
          const p = corner(q);
          dx[p] = dx[p + 1] = dx[p + side] = dx[p + side + 1] = dy[q] / 4;
        }
      },
    };
    const largest = {
      y: new Float32Array(count),
      forward(x, y) {
        for (let q = 0; q < count; q++) {
          let best = corner(q);
          for (const p of [best + 1, best + side, best + side + 1]) if (!(x[p] <= x[best])) best = p;
          y[q] = x[(winner[q] = best)];
        }
      },
      backward(x, dy, dx) {
        for (let q = 0; q < count; q++) dx[winner[q]] = dy[q];
      },
    };
    return kind === "avg" ? average : largest;
  }

  function squash(layer, [f, slope]) {
    const { y } = layer;
    return {
      y,
      forward(x) {
        layer.forward(x, y);
        for (let i = 0; i < y.length; i++) y[i] = f(y[i]);
      },
      backward(x, dy, dx) {
        for (let i = 0; i < y.length; i++) dy[i] *= slope(y[i]);
        layer.backward(x, dy, dx);
      },
    };
  }

  return { ACTIVATIONS, convolution, dense, pooling, squash };
};
