/* Weights that the reader trained, kept for the pad on this page and on the others.
 *
 *   OwnWeights.keep({ activation, pool, mean, std, words, tensors });
 *   OwnWeights.read(book)    // such a network, or null; `book` tells the shapes
 *   OwnWeights.chooser(book, use)    // a line for the pad, which gets the network by use()
 *
 * Where the browser keeps nothing, they last as long as the page.
 */
globalThis.OwnWeights = (() => {
  "use strict";

  const { element } = Draw;
  const KEY = "lenet-own-weights";
  let here = null;

  const text = ({ buffer, byteOffset, byteLength }) =>
    btoa(Array.from(new Uint8Array(buffer, byteOffset, byteLength), (byte) => String.fromCharCode(byte)).join(""));

  function keep(net) {
    here = net;
    const tensors = Object.entries(net.tensors).map(([name, { shape, data }]) => [name, { shape, data: text(data) }]);
    LenetStorage.write(KEY, { ...net, tensors: Object.fromEntries(tensors) });
  }

  function forget() {
    here = null;
    LenetStorage.write(KEY, null);
  }

  // Anything may have happened to what was kept: it has to be this network, in numbers.
  function fits(net, book) {
    return Object.hasOwn(LeNet.ACTIVATIONS, net.activation) && Object.hasOwn(LeNet.POOLS, net.pool) && [net.mean, net.std].every(Number.isFinite) &&
      Object.entries(book.tensors).every(([name, { shape, data }]) => {
        const own = net.tensors[name];
        return String(own.shape) === String(shape) && own.data.length === data.length && own.data.every(Number.isFinite);
      });
  }

  function read(book) {
    if (here) return here;
    try {
      const net = LeNet.load(LenetStorage.read(KEY));
      return fits(net, book) ? net : null;
    } catch {
      return null;
    }
  }

  // The line that says whose weights the pad has, and leads to the others.
  function chooser(book, use) {
    const node = element("p", { class: "lw-whose" });
    let own;
    const turn = (text, change, net) =>
      element("button", { type: "button", class: "lw-button", onclick: () => { change(own); take(net()); node.lastChild.focus(); } }, text);
    function take(net) {
      use(net);
      node.hidden = !own;
      if (own && net === own)
        node.replaceChildren(`These weights are yours: ${own.words}. They learned from 1,437 coarse digits, not from MNIST. `,
          turn("Back to the book's weights", forget, () => book));
      else node.replaceChildren("These are the book's weights. ", turn("Yours once more", keep, () => own));
    }
    const look = () => take((own = read(book)) ?? book);
    addEventListener("lenet-weights", look);
    look();
    return node;
  }

  return { keep, forget, read, chooser };
})();
