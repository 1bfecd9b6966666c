// What the reader's browser keeps for the book: marks, answers, interviews. It is sent
// nowhere. Storage may be refused (private windows, some file:// pages): then nothing is
// kept, and nothing fails.
globalThis.LenetStorage ??= {
  OURS: "lenet-inside-out:", // how every key begins

  // What was kept under the key; null if nothing was, or it is not JSON.
  read(key) {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  },

  // A value that says nothing (null, false) forgets the key.
  write(key, value) {
    try {
      if (value) localStorage.setItem(key, JSON.stringify(value));
      else localStorage.removeItem(key);
    } catch {
      /* what is on the page works without */
    }
  },

  // Everything that the book keeps here, by key.
  all() {
    try {
      const ours = Object.keys(localStorage).filter((key) => key.startsWith(this.OURS));
      return Object.fromEntries(ours.sort().map((key) => [key, this.read(key)]));
    } catch {
      return {};
    }
  },

  // The language of cards and interviews: the one chosen, else the browser's.
  language() {
    const chosen = this.read(`${this.OURS}questions:language`);
    if (chosen === "en" || chosen === "zh") return chosen;
    return /^zh\b/i.test(globalThis.navigator?.language ?? "") ? "zh" : "en";
  },
};

// Loaded before the page is painted, so that no card is seen in two languages.
if (globalThis.document) document.documentElement.dataset.questions = LenetStorage.language();
