// Keeps what was read for a time without a network (web/sw.js); not where pages are files.
(() => {
  "use strict";

  if (!navigator.serviceWorker || !location.protocol.startsWith("http")) return;
  const root = document.documentElement.dataset.content_root ?? "./";
  addEventListener("load", () => navigator.serviceWorker.register(new URL(`${root}sw.js`, location.href)).catch(() => {}));
})();
