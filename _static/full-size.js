// A figure at full size over the page it stands in; without this its link leads to it.
(() => {
  "use strict";

  function open(link) {
    const picture = link.querySelector("img").cloneNode();
    picture.loading = "eager";
    const frame = document.createElement("div");
    frame.tabIndex = 0; // what scrolls must be reachable by keyboard
    frame.append(picture);
    const close = Object.assign(document.createElement("button"), { type: "button", textContent: "Close" });
    const dialog = document.createElement("dialog");
    dialog.className = "full-size";
    dialog.setAttribute("aria-label", "Figure at full size");
    dialog.append(close, frame);
    dialog.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      link.focus();
    });
    link.closest("article").append(dialog);
    dialog.showModal();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("article a.full-size");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !window.HTMLDialogElement) return;
    event.preventDefault();
    open(link);
  });
})();
