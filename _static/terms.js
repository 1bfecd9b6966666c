// A term's explanation, which book.css shows on hover and on focus: Escape hides it, and
// on a touch screen the first tap shows it and the second follows the link.
(() => {
  "use strict";

  const termOf = (event) => event.target.closest?.("a.term") ?? null;
  let shown = null, byTouch = false;

  function show(term) {
    shown?.classList.remove("shown");
    shown = term;
    shown?.classList.add("shown");
  }

  document.addEventListener("pointerdown", (event) => {
    byTouch = event.pointerType === "touch";
    if (!termOf(event)) show(null);
  }, true);

  document.addEventListener("click", (event) => {
    const term = termOf(event);
    if (byTouch && term && term !== shown) {
      event.preventDefault();
      show(term);
    }
    byTouch = false; // what a keyboard presses next is a click without a pointer
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    show(null);
    document.querySelectorAll("a.term:is(:hover, :focus)").forEach((term) => term.classList.add("hushed"));
  });
  for (const left of ["mouseout", "focusout"]) {
    document.addEventListener(left, (event) => termOf(event)?.classList.remove("hushed"));
  }
})();
