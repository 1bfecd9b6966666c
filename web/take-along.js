/* What the book keeps in this browser: taken along as a file, brought back, or deleted.
 *
 * Mounts itself on <div class="lenet-take-along"></div>. Needs draw.js, _static/storage.js.
 */
(() => {
  "use strict";

  if (!globalThis.document || !globalThis.Draw) return;
  const { element } = Draw;
  const memory = globalThis.LenetStorage;
  const MOST = 5e6; // bytes; browsers keep no more

  // The keys of a file that was taken along; throws an Error that says what it is.
  function read(text) {
    let found;
    try {
      found = JSON.parse(text);
    } catch {
      throw new Error("This is no JSON file.");
    }
    const entries = found && typeof found === "object" && !Array.isArray(found) ? Object.entries(found) : [];
    const ours = entries.filter(([key, value]) => key.startsWith(memory.OURS) && value !== null);
    if (!ours.length) throw new Error("This file holds nothing of this book.");
    return ours;
  }

  function save() {
    const text = JSON.stringify(memory.all(), null, 1);
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    const link = element("a", { href: url, download: `lenet-inside-out-${LenetProgress.today()}.json` });
    link.click();
    URL.revokeObjectURL(url);
  }

  function mount(host) {
    const said = element("p", { role: "status", class: "lw-muted" });
    const tell = (text) => (said.textContent = text);
    const button = (text, onclick) => element("button", { type: "button", class: "lw-button", onclick }, text);
    const file = element("input", { type: "file", accept: ".json,application/json", hidden: true, onchange: bring });

    async function bring() {
      const [chosen] = file.files;
      file.value = "";
      if (!chosen) return;
      try {
        if (chosen.size > MOST) throw new Error("This file is larger than anything the book keeps.");
        const ours = read(await chosen.text());
        if (!confirm("What is kept in this browser is replaced. Go on?")) return;
        for (const key of Object.keys(memory.all())) memory.write(key, null);
        for (const [key, value] of ours) memory.write(key, value);
        location.reload();
      } catch ({ message }) {
        tell(`${message} Nothing was changed.`);
      }
    }

    function remove() {
      if (!confirm("Delete all that this book keeps in this browser: marks, answers, interviews, your own weights?")) return;
      for (const key of Object.keys(memory.all())) memory.write(key, null);
      location.reload();
    }

    host.classList.add("lw");
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", "What this browser keeps");
    host.replaceChildren(
      element("div", { class: "lw-controls" }, button("Save to a file", save),
        button("Bring back from a file", () => file.click()), button("Delete everything", remove), file),
      said);
  }

  document.querySelectorAll(".lenet-take-along").forEach(mount);
})();
