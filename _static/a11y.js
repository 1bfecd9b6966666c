// Repairs what the theme leaves unreadable to a screen reader. Nothing depends on it.
(function () {
  "use strict";

  // book.css fades the side on which a box holds more than it shows.
  function cue(box) {
    const hidden = box.scrollWidth - box.clientWidth;
    if (hidden > 0) box.tabIndex = 0;
    box.classList.toggle("came-from", hidden > 0 && box.scrollLeft > 2);
    box.classList.toggle("goes-on", hidden - box.scrollLeft > 2);
  }

  function repair() {
    // A button that shows text must be called by that text.
    document.querySelectorAll(
      ".search-button, .search-button-field, .search-button__button, details.hide > summary"
    ).forEach((button) => button.removeAttribute("aria-label"));
    document.querySelectorAll("button.search-button:not([aria-label])").forEach((button) => {
      if (!button.textContent.trim()) button.setAttribute("aria-label", "Search");
    });

    // The arrow that unfolds a part of the contents says nothing by itself.
    document.querySelectorAll("li.has-children > details > summary").forEach((arrow) => {
      arrow.setAttribute("aria-label", `Pages of ${arrow.closest("li").querySelector("a").textContent}`);
    });

    // pandas leaves the header above its index empty: that cell heads nothing.
    document.querySelectorAll("th:empty").forEach((cell) => {
      const plain = document.createElement("td");
      plain.className = cell.className;
      cell.replaceWith(plain);
    });

    // What scrolls must be reachable by keyboard, and show that it goes on.
    const sizes = new ResizeObserver((changes) => changes.forEach(({ target }) => cue(target)));
    document.querySelectorAll(
      ".cell_output .text_html, .pst-scrollable-table-container, div.math, article pre"
    ).forEach((box) => {
      cue(box);
      sizes.observe(box);
      box.addEventListener("scroll", () => cue(box), { passive: true });
    });

    // docutils' citation lists carry roles that ARIA no longer has.
    document.querySelectorAll('[role="doc-biblioentry"]').forEach((entry) => {
      entry.removeAttribute("role");
    });
    document.querySelectorAll('.citation-list[role], .citation[role="list"]').forEach((list) => {
      list.removeAttribute("role");
    });
  }

  if (document.readyState === "complete") repair();
  else window.addEventListener("load", repair);
})();
