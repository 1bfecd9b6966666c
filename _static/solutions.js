// A longer solution is uncovered statement by statement (_ext/solutions.py), so that one can
// go on alone after the first; what is said of it comes with the last.
(() => {
  "use strict";

  const button = (textContent, onclick) =>
    Object.assign(document.createElement("button"), { type: "button", textContent, onclick });

  for (const code of document.querySelectorAll("details.lx .highlight")) {
    const pieces = [...code.querySelectorAll(".piece")];
    if (!pieces.length) continue;
    const all = [...code.parentElement.children], after = all.slice(all.indexOf(code) + 1);
    const hidden = [...pieces.slice(1), ...after];
    hidden.forEach((one) => one.classList.add("later"));
    const row = Object.assign(document.createElement("p"), { className: "lx-steps" });
    const uncover = (ones) => {
      ones.forEach((one) => one.classList.remove("later"));
      if (pieces.at(-1).classList.contains("later")) return;
      after.forEach((one) => one.classList.remove("later"));
      row.remove();
      code.querySelector("pre").focus();
    };
    row.append(
      button("Next line", () => uncover([code.querySelector(".piece.later")])), " ",
      button("All of it", () => uncover(hidden)));
    code.after(row);
  }
})();
