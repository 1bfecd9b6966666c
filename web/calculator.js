/* A calculator for stacks of layers that needs no kernel.
 *
 * Mounts itself on every <div class="lenet-calculator" data-preset="lenet5"></div>.
 * Needs draw.js and shapes.js before it.
 */
(() => {
  "use strict";

  const { element, number } = Draw;
  const conv = (channels, kernel, { stride = 1, padding = 0, dilation = 1, groups = 1 } = {}) =>
    ({ kind: "conv", channels, kernel, stride, padding, dilation, groups });
  const pool = (kernel, stride = kernel) => ({ kind: "pool", kernel, stride, padding: 0, dilation: 1 });
  const linear = (channels) => ({ kind: "linear", channels });

  const lenet5 = (first) =>
    [first, pool(2), conv(16, 5), pool(2), conv(120, 5), linear(84), linear(10)];
  const PRESETS = {
    lenet5: { title: "LeNet-5 on 32×32", input: { channels: 1, size: 32 }, layers: lenet5(conv(6, 5)) },
    "lenet5-28": {
      title: "LeNet-5 on 28×28, C1 padded by 2",
      input: { channels: 1, size: 28 }, layers: lenet5(conv(6, 5, { padding: 2 })),
    },
    alexnet: {
      title: "AlexNet, 2012",
      input: { channels: 3, size: 227 },
      layers: [
        conv(96, 11, { stride: 4 }), pool(3, 2),
        conv(256, 5, { padding: 2, groups: 2 }), pool(3, 2),
        conv(384, 3, { padding: 1 }), conv(384, 3, { padding: 1, groups: 2 }),
        conv(256, 3, { padding: 1, groups: 2 }), pool(3, 2),
        linear(4096), linear(4096), linear(1000),
      ],
    },
  };
  const NEW = { conv: () => conv(16, 3, { padding: 1 }), pool: () => pool(2), linear: () => linear(10) };
  const KINDS = { conv: "convolution", pool: "pooling", linear: "linear" };
  const COLUMNS = Shapes.FIELDS.conv; // what a layer can have; other kinds have fewer
  const RESULTS = { params: "Parameters", macs: "Multiply-adds", connections: "Connections" };

  let mounted = 0; // keeps ids apart when a page has several calculators

  function mount(host) {
    const id = `lw-calculator-${++mounted}`;
    let input, layers;
    const inputFields = element("div", { class: "lw-input" });
    const body = element("tbody");
    const message = element("p", { class: "lw-message", id: `${id}-message`, role: "status" });
    const results = element("div", { class: "lw-scroll", role: "group", tabindex: 0, "aria-label": "Results, layer by layer" });
    const select = element("select", { onchange: () => load(select.value) },
      ...Object.entries(PRESETS).map(([value, { title }]) => element("option", { value }, title)));

    function numberField(target, field, label) {
      return element("input", {
        type: "number", min: field === "padding" ? 0 : 1, step: 1, inputmode: "numeric", value: target[field],
        "aria-label": label, "data-field": field,
        oninput: (event) => {
          target[field] = event.target.valueAsNumber; // NaN when empty: trace says so
          calculate();
        },
      });
    }

    function layerRow(layer, i) {
      const name = Shapes.nameOf(layers, i);
      const kind = element("select", {
        "aria-label": `${name}, kind`, "data-field": "kind",
        onchange: (event) => {
          layers[i] = { ...NEW[event.target.value](), ...only(layer, Shapes.FIELDS[event.target.value]) };
          rebuild(i, "[data-field=kind]");
        },
      }, ...Object.entries(KINDS).map(([value, text]) => element("option", { value, selected: value === layer.kind }, text)));
      const cells = COLUMNS.map((field) => element("td", { "data-label": field, class: field in layer ? "" : "lw-none" },
        field in layer ? numberField(layer, field, `${name}, ${field}`) : "–"));
      const up = element("button", { type: "button", class: "lw-button lw-up", disabled: i === 0, "aria-label": `Move ${name} up`, onclick: () => {
        layers.splice(i - 1, 2, layers[i], layers[i - 1]);
        rebuild(i - 1, i > 1 ? ".lw-up" : ".lw-remove");
      } }, "↑");
      const remove = element("button", { type: "button", class: "lw-button lw-remove", disabled: layers.length === 1, "aria-label": `Remove ${name}`, onclick: () => {
        layers.splice(i, 1);
        rebuild(Math.min(i, layers.length - 1), layers.length > 1 ? ".lw-remove" : "select");
      } }, "×");
      return element("tr", {}, element("th", { scope: "row" }, name),
        element("td", { class: "lw-kind" }, kind), ...cells, element("td", { class: "lw-tools" }, up, remove));
    }

    // What a layer keeps when its kind changes; pools keep their own stride.
    const only = (layer, fields) =>
      Object.fromEntries(["channels", "kernel"].filter((f) => f in layer && fields.includes(f)).map((f) => [f, layer[f]]));

    function rebuild(focusRow, selector) {
      body.replaceChildren(...layers.map(layerRow));
      if (selector) body.rows[focusRow].querySelector(selector).focus();
      calculate();
    }

    function calculate() {
      const { rows, total, error } = Shapes.trace(input, layers);
      for (const marked of host.querySelectorAll("[aria-invalid]")) {
        marked.removeAttribute("aria-invalid");
        marked.removeAttribute("aria-describedby");
      }
      message.textContent = error ? error.message
        : `${number(total.params)} parameters, ${number(total.macs)} multiply-adds.`;
      message.toggleAttribute("data-wrong", Boolean(error));
      if (error) {
        const place = error.layer < 0 ? inputFields : body.rows[error.layer];
        const field = place.querySelector(`[data-field=${error.field}]`);
        field.setAttribute("aria-invalid", "true");
        field.setAttribute("aria-describedby", message.id);
      }
      results.replaceChildren(resultTable(rows, total, error));
    }

    function resultTable(rows, total, error) {
      const head = ["Layer", "Output", ...Object.values(RESULTS), "Sees", "Jump"];
      const counted = (row) => Object.keys(RESULTS).map((count) =>
        // The bar behind a number is its share of the column's sum.
        element("td", { style: `--share:${total[count] ? (100 * row[count]) / total[count] : 0}%` }, number(row[count])));
      const lines = rows.map((row) => element("tr", {},
        element("th", { scope: "row" }, row.name),
        element("td", {}, row.flat ? number(row.channels) : `${row.channels}@${row.size}×${row.size}`),
        ...counted(row),
        element("td", {}, `${number(row.field)}×${number(row.field)}`), element("td", {}, number(row.jump))));
      for (let i = rows.length; i < layers.length; i++)
        lines.push(element("tr", {}, element("th", { scope: "row" }, Shapes.nameOf(layers, i)),
          ...head.slice(1).map(() => element("td", {}, "–"))));
      const sums = element("tr", {}, element("th", { scope: "row" }, "Sum"), element("td", {}, ""),
        ...Object.keys(RESULTS).map((count) => element("td", {}, error ? "–" : number(total[count]))),
        element("td", {}, ""), element("td", {}, ""));
      return element("table", {},
        element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
        element("tbody", {}, ...lines), element("tfoot", {}, sums));
    }

    function load(name) {
      const preset = structuredClone(PRESETS[name]);
      ({ input, layers } = preset);
      select.value = name;
      inputFields.replaceChildren(
        element("label", {}, "Input channels ", numberField(input, "channels", "Input channels")),
        element("label", {}, "Input side ", numberField(input, "size", "Input side in pixels"), " pixels"));
      rebuild();
    }

    const add = Object.entries(KINDS).map(([kind, text]) => element("button", {
      type: "button", class: "lw-button",
      onclick: () => {
        layers.push(NEW[kind]());
        rebuild(layers.length - 1, "[data-field=kind]");
      },
    }, `Add ${text}`));
    const heads = ["Layer", "Kind", ...COLUMNS, ""].map((text) => element(text ? "th" : "td", text ? { scope: "col" } : {}, text));

    host.classList.add("lw");
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", "Calculator for a stack of layers");
    host.replaceChildren(
      element("div", { class: "lw-bar-top" }, element("label", {}, "Start from ", select), inputFields),
      element("table", { class: "lw-edit" }, element("thead", {}, element("tr", {}, ...heads)), body),
      element("div", { class: "lw-controls" }, ...add), message, results,
      element("p", { class: "lw-muted" }, "Sees: the receptive field. Jump: the distance between neighbours, seen from the input. Both in input pixels. The line under a number is its share of the sum."));
    load(host.dataset.preset in PRESETS ? host.dataset.preset : "lenet5");
  }

  document.querySelectorAll(".lenet-calculator").forEach(mount);
})();
