// Answers typed in the page, judged as the exercise's checker judges them in a notebook:
// lenet_course/exercises/form.py says what is right, what is wrong, and where to look.
globalThis.LenetAnswers ??= (() => {
  "use strict";

  const CONSTANTS = { pi: Math.PI, e: Math.E };
  const FUNCTIONS = { sqrt: Math.sqrt, exp: Math.exp, log: Math.log, ln: Math.log, log2: Math.log2 };
  const OPERATORS = {
    "+": (a, b) => a + b,
    "-": (a, b) => a - b,
    "*": (a, b) => a * b,
    "/": (a, b) => a / b,
    "//": (a, b) => Math.floor(a / b),
    "**": (a, b) => a ** b,
  };
  const TOKEN =
    /(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?|[a-z]\w*|\*\*|\/\/|\S/gi;

  const plain = (text) =>
    text
      .replace(/[²³]/g, (sign) => `**${"²³".indexOf(sign) + 2}`)
      .normalize("NFKC")
      .replace(/[−–]/g, "-");

  // "61 706", "61,706", "61.706e3", "0,95" and "95 %" are all numbers people type.
  const toNumber = (text) => {
    let t = plain(text).replace(/[\s_'’]/g, "").replace("×10^", "e");
    if (/^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(t)) t = t.replaceAll(",", "");
    else if (/^[+-]?\d+,\d+%?$/.test(t)) t = t.replace(",", ".");
    const [, number, percent] = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(%?)$/i.exec(t) ?? [];
    const value = number === undefined ? NaN : Number(number) / (percent ? 100 : 1);
    return Number.isFinite(value) ? value : NaN;
  };

  // What Python would make of numbers, sums, tuples and lists. Throws a SyntaxError.
  const read = (text) => {
    const tidy = plain(text).replace(/[×·]/g, "*").replace(/÷/g, "/").replace(/\^/g, "**");
    const tokens = tidy.match(TOKEN) ?? [];
    let at = 0;
    const take = (...wanted) => (wanted.includes(tokens[at]) ? tokens[at++] : undefined);
    const need = (fits) => {
      if (!fits) throw new SyntaxError(`at ${tokens[at] ?? "the end"}`);
    };
    const apply = (operate, ...values) => {
      need(values.every((value) => typeof value === "number"));
      return operate(...values);
    };
    const until = (end) => {
      const found = [];
      let comma = true;
      while (comma && tokens[at] !== end) {
        found.push(sum());
        comma = take(",") !== undefined;
      }
      need(tokens[at++] === end);
      return found.length === 1 && !comma && end !== "]" ? found[0] : found;
    };
    const atom = () => {
      if (take("(")) return until(")");
      if (take("[")) return until("]");
      const token = tokens[at++] ?? "";
      if (/^[\d.]/.test(token)) return Number(token.replaceAll("_", ""));
      if (Object.hasOwn(CONSTANTS, token)) return CONSTANTS[token];
      need(Object.hasOwn(FUNCTIONS, token) && take("("));
      return apply(FUNCTIONS[token], until(")"));
    };
    const power = () => {
      const base = atom();
      return take("**") ? apply(OPERATORS["**"], base, sign()) : base;
    };
    const sign = () => {
      if (take("-")) return apply((a) => -a, sign());
      return take("+") ? apply((a) => a, sign()) : power();
    };
    const chain = (next, ...signs) => {
      let value = next();
      for (let s = take(...signs); s; s = take(...signs)) value = apply(OPERATORS[s], value, next());
      return value;
    };
    const product = () => chain(sign, "*", "/", "//");
    const sum = () => chain(product, "+", "-");
    need(tokens.length > 0);
    return until(undefined);
  };

  // As Python's "g" writes a number.
  const g = (value) => {
    const [digits, power] = value.toExponential(5).split("e").map(Number);
    if (power >= -4 && power < 6) return String(Number(value.toPrecision(6)));
    return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  };
  const show = (value) => (Number.isSafeInteger(value) ? String(value) : g(value));

  const refuse = (pointer) => {
    throw Object.assign(new Error(pointer), { pointer });
  };
  const single = (value) =>
    Array.isArray(value) && value.length === 1 ? single(value[0]) : value;
  const finite = (value) => {
    if (typeof value !== "number") refuse("One number is asked; these are several.");
    if (Number.isFinite(value)) return value;
    const name = Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
    return refuse(`It came out as <code>${name}</code>: was something divided by zero?`);
  };
  const equal = (a, b) =>
    Array.isArray(a)
      ? Array.isArray(b) && a.length === b.length && a.every((value, i) => equal(value, b[i]))
      : a === b;

  // Each returns undefined for a right answer and otherwise the pointer, or throws it.
  const KINDS = {
    number({ right, slack, wrong, look }, text) {
      const typed = toNumber(text);
      const got = Number.isNaN(typed) ? finite(single(read(text))) : typed;
      const near = (value) => got === value || Math.abs(got - value) <= slack;
      return near(right) ? undefined : (wrong.find(([value]) => near(value))?.[1] ?? look);
    },

    shape({ right, names, wrong, look }, text) {
      const value = read(text);
      if (!Array.isArray(value)) {
        return `Write it as a tuple, like <code>(1, 2)</code>; this is ${show(finite(value))}.`;
      }
      const got = value.map((entry) => finite(single(entry)));
      if (equal(got, right)) return undefined;
      const known = wrong.find(([bad]) => equal(got, bad));
      if (known) return known[1];
      if (got.length !== right.length) {
        return `It has ${got.length} entries, not ${right.length}. ${look}`;
      }
      const first = got.findIndex((entry, i) => entry !== right[i]);
      const name = names[first] ?? `Entry ${first}`;
      return `${name}: ${show(got[first])} is not right. ${look}`;
    },

    tables({ right, names, wrong, look }, text) {
      const value = read(text);
      if (!Array.isArray(value) || value.length !== names.length) {
        return `Write it as (${names.join(", ")}).`;
      }
      const got = value.map((table, i) => flat(table, right[i], names[i]));
      const close = (table, bad) =>
        bad === null ||
        bad.flat(Infinity).every((b, i) => Math.abs(table[i] - b) <= 1e-8 + 1e-5 * Math.abs(b));
      const known = wrong.find(([bad]) => got.every((table, i) => close(table, bad[i])));
      if (known) return known[1];
      for (const [i, table] of got.entries()) {
        const want = right[i].flat(Infinity);
        const first = table.findIndex((entry, j) => Math.abs(entry - want[j]) > 1e-6);
        if (first < 0) continue;
        const wide = Array.isArray(right[i][0]) ? right[i][0].length : 0;
        const place = wide ? `${Math.floor(first / wide)}, ${first % wide}` : first;
        return `${names[i]}[${place}]: ${g(table[first])} is not right. ${look}`;
      }
      return undefined;
    },

    choice({ right, words, wrong }, text) {
      const word = text.trim().toLowerCase();
      if (word === right.toLowerCase()) return undefined;
      const options = words.map((one) => `<code>${one}</code>`).join(", ");
      return wrong.find(([bad]) => bad.toLowerCase() === word)?.[1] ?? `Choose one of ${options}.`;
    },
  };

  const sizes = (value) => {
    if (!Array.isArray(value)) return [];
    const inner = value.map(sizes);
    const even = inner.every((size) => size && equal(size, inner[0]));
    return even ? [value.length, ...(inner[0] ?? [])] : undefined;
  };
  const flat = (table, like, name) => {
    const size = sizes(table);
    if (!size?.length) refuse(`${name} cannot be read as a table of numbers.`);
    const wanted = sizes(like);
    if (equal(size, wanted)) return table.flat(Infinity).map(finite);
    const shown = (shape) => `[${shape.join(", ")}]`;
    return refuse(
      `${name} has the shape ${shown(size)}, but belongs to something of shape ${shown(wanted)}.`,
    );
  };

  // {right, said}: whether the typed text is the answer, and what to say (as HTML).
  const judge = (form, text) => {
    let pointer;
    try {
      pointer = KINDS[form.kind](form, text);
    } catch (error) {
      pointer = error.pointer ?? "That cannot be read: write numbers, brackets and commas, or a sum.";
    }
    return { right: pointer === undefined, said: pointer ?? form.more };
  };

  return { toNumber, read, judge };
})();
