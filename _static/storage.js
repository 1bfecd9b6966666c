// What the reader's browser keeps for the book: marks, quiz answers, an interview. It
// is sent nowhere. Storage may be refused (private windows, some file:// pages): then
// nothing is kept, and nothing fails.
globalThis.LenetStorage ??= {
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
};
