// Repairs what the theme leaves unreadable to a screen reader. Nothing depends on it.
(function () {
  "use strict";

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

    // What scrolls must be reachable by keyboard.
    document.querySelectorAll(
      ".cell_output .text_html, .pst-scrollable-table-container, div.math, .highlight pre, .cell_output pre"
    ).forEach((box) => {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
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
