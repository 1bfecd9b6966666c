/* What the reader of train.js chooses, and three choices to begin with.
 *
 *   const form = TrainSettings.form(changed);    // form.node goes into the page
 *   form.set(TrainSettings.PRESETS["Too fast"]);
 *   form.read()              // { activation: "relu", ..., rate: 3, seed: 0 }
 */
globalThis.TrainSettings = (() => {
  "use strict";

  const { element } = Draw;

  const LISTS = {
    activation: ["Activation", { relu: "ReLU", tanh: "tanh", scaled: "tanh of 1998", sigmoid: "logistic sigmoid" }],
    pool: ["Pooling", { max: "maximum", avg: "average" }],
    start: ["Start", { pytorch: "PyTorch's", he: "He", glorot: "Glorot", small: "normal, 0.01", zeros: "all zero" }],
    batch: ["Batch", [1, 8, 16, 32, 64, 128]],
    rate: ["Rate", [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3]],
    momentum: ["Momentum", [0, 0.5, 0.9, 0.99]],
  };
  const LIVE = ["rate", "momentum"]; // heard while it runs
  const PRESETS = {
    "Learns well": { activation: "relu", pool: "max", start: "pytorch", batch: 32, rate: 0.03, momentum: 0.9 },
    "The plateau at ln 10": { activation: "sigmoid", pool: "avg", start: "pytorch", batch: 32, rate: 0.03, momentum: 0.9 },
    "Too fast": { activation: "relu", pool: "avg", start: "he", batch: 32, rate: 3, momentum: 0 },
  };

  function form(changed) {
    const selects = {}, field = ([name, [label, options]]) => {
      const pairs = Array.isArray(options) ? options.map((v) => [v, v]) : Object.entries(options);
      selects[name] = element("select", { onchange: changed }, ...pairs.map(([value, text]) => element("option", { value }, String(text))));
      return element("label", {}, label, selects[name]);
    };
    const seed = element("input", { type: "number", min: 0, max: 9999, value: 0 });
    const all = Object.entries(LISTS), live = ([name]) => LIVE.includes(name);
    const fixed = element("fieldset", { class: "lw-settings" }, element("legend", {}, "From the start"),
      ...all.filter((one) => !live(one)).map(field), element("label", {}, "Seed", seed));
    const free = element("fieldset", { class: "lw-settings" }, element("legend", {}, "At any time"), ...all.filter(live).map(field));
    const read = () => Object.fromEntries(Object.entries(selects).map(([name, { value }]) =>
      [name, Number.isNaN(Number(value)) ? value : Number(value)]));
    const set = (values) => Object.entries(values).forEach(([name, value]) => (selects[name].value = value));
    return { node: element("div", { class: "lw-forms" }, fixed, free), fixed, set, read: () => ({ ...read(), seed: Number(seed.value) >>> 0 }) };
  }

  return { LISTS, PRESETS, form };
})();
