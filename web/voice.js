/* The question read aloud, the answer recorded and played back: all in this browser.
 *
 * Nothing is kept and nothing is sent; where a browser cannot, the button is missing.
 * Voices that work over a network are not used.
 */
globalThis.Voice = (() => {
  "use strict";

  const NAMES = {
    read: ["Read it to me", "朗读题目"],
    record: ["Record my answer", "录下回答"],
    stop: ["Stop recording", "停止录音"],
    refused: ["The microphone is not available.", "无法使用麦克风。"],
  };

  function reader(text, language, button) {
    if (!globalThis.speechSynthesis) return [];
    const voices = () => speechSynthesis.getVoices()
      .filter((voice) => voice.localService && voice.lang.toLowerCase().startsWith(language));
    const node = button("read", () => {
      const said = new SpeechSynthesisUtterance(text());
      [said.voice] = voices();
      if (!said.voice) return;
      said.lang = said.voice.lang;
      speechSynthesis.cancel();
      speechSynthesis.speak(said);
    });
    const offer = () => (node.hidden = !voices().length); // some browsers name them late
    speechSynthesis.addEventListener?.("voiceschanged", offer);
    offer();
    return [node];
  }

  function recorder(language, button, element) {
    if (!globalThis.MediaRecorder || !navigator.mediaDevices?.getUserMedia) return [];
    const place = element("span", { role: "status" });
    let running;
    async function start() {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const parts = [];
      running = new MediaRecorder(stream);
      running.ondataavailable = ({ data }) => parts.push(data);
      running.onstop = () => {
        stream.getTracks().forEach((track) => track.stop());
        running = null;
        node.textContent = name("record");
        const url = URL.createObjectURL(new Blob(parts, { type: parts[0]?.type }));
        place.replaceChildren(element("audio", { controls: true, src: url }));
      };
      running.start();
      node.textContent = name("stop");
    }
    const name = (key) => NAMES[key][language === "zh" ? 1 : 0];
    const node = button("record", () => {
      if (running) running.stop();
      else start().catch(() => place.replaceChildren(name("refused")));
    });
    return [node, place];
  }

  // Buttons for one question; `text` gives what is to be read.
  function controls(text, language, element) {
    const button = (key, onclick) =>
      element("button", { type: "button", class: "lw-button lw-quiet", onclick }, NAMES[key][language === "zh" ? 1 : 0]);
    return [...reader(text, language, button), ...recorder(language, button, element)];
  }

  return { controls };
})();
