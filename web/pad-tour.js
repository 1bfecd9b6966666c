/* The guided tour: the words of pad-stops.js, one stop at a time, and a frame around what
 * they speak of.
 *
 *   const tour = PadTour.create(at => node);   // the part of the page a stop is about
 *   tour.update(net, drawing);                 // after every change of the drawing
 */
globalThis.PadTour = (() => {
  "use strict";

  const { element } = Draw;

  function create(find) {
    let stop = null, stops = [], framed;
    const button = (text, onclick) => element("button", { type: "button", class: "lw-button", onclick }, text);
    const opener = button("Take the tour: ten stops", () => open());
    const title = element("strong"), text = element("p");
    const back = button("Back", () => go(stop - 1)), next = button("Next", () => go(stop + 1));
    const node = element("section", {
      class: "lw-tour", hidden: true, "aria-label": "Guided tour", onkeydown: press,
      // Speaks while the reader is on the tour, not while they draw.
      onfocusin: () => node.setAttribute("aria-live", "polite"), onfocusout: () => node.removeAttribute("aria-live"),
    }, title, text, element("div", { class: "lw-controls" }, back, next, button("End the tour", close)));

    function press(event) {
      const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (event.key === "Escape") close();
      if (move) event.preventDefault(), go(stop + move);
    }

    function open() {
      node.hidden = false;
      opener.hidden = true;
      next.focus({ preventScroll: true });
      go(0);
    }

    function close() {
      stop = null;
      mark();
      node.hidden = true;
      opener.hidden = false;
      opener.focus();
    }

    function go(where) {
      if (where === stops.length) return close();
      stop = Math.max(0, where);
      back.disabled = stop === 0;
      if (back.disabled && document.activeElement === back) next.focus();
      next.textContent = stop === stops.length - 1 ? "Done" : "Next";
      show();
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      framed?.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
    }

    function mark(part) {
      if (part === framed) return;
      framed?.removeAttribute("data-tour");
      (framed = part)?.setAttribute("data-tour", "");
    }

    function show() {
      const { at, title: name, text: words } = stops[stop];
      title.textContent = `${stop + 1} of ${stops.length}: ${name}`;
      if (text.textContent !== words) text.textContent = words;
      mark(find(at));
    }

    function update(net, drawing) {
      stops = PadStops.about(net, drawing);
      if (stop !== null) show();
    }

    return { node, opener, update };
  }

  return { create };
})();
