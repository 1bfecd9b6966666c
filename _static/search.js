// An excerpt of a page that was found is of its text, not of its list of contents.
(() => {
  "use strict";

  if (typeof Search === "undefined") return; // Sphinx's, on the page of results only
  const whole = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const article = new DOMParser().parseFromString(html, "text/html").querySelector("article.bd-article");
    return whole(article ? `<div role="main">${article.innerHTML}</div>` : html, anchor);
  };
})();
