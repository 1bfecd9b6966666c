/* The bank of questions by language: English comes with the page, Chinese when asked for.
 *
 * Needs interview-bank.js, which the book's build makes, as interview-bank-zh.js beside it.
 */
globalThis.Bank = (() => {
  "use strict";

  const beside = globalThis.document?.currentScript?.src;

  // Into `into`, which is of the same shape, all that it lacks.
  function merge(into, more) {
    for (const [key, value] of Object.entries(more)) {
      if (value && typeof value === "object" && into[key]) merge(into[key], value);
      else into[key] ??= value;
    }
  }

  // Whether the questions can be shown in this language; loads them if they are not here.
  async function ready(language) {
    const { questions } = globalThis.InterviewBank;
    if (questions[0]?.question[language]) return true;
    const script = document.createElement("script");
    script.src = new URL(`interview-bank-${language}.js`, beside).href;
    const loaded = new Promise((done) => {
      script.onload = () => done(true);
      script.onerror = () => done(false);
    });
    document.head.append(script);
    if (!(await loaded)) return false;
    merge(questions, globalThis.InterviewBankMore);
    return true;
  }

  return { ready };
})();
