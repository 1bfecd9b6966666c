"""Write the trained LeNet-5, and digits to train on, as scripts that pages can load.

    python -m tools.export_web  # web/weights.js, web/bundled-digits.js

The same weights and digits give the same files, byte for byte; a test holds them
together.
"""

import argparse
import base64
import json
from pathlib import Path

from safetensors import safe_open

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "experiments" / "results" / "pad.safetensors"
WEB = ROOT / "web"
OF_NONE = "none", "threshold", "refused", "letters_refused"
HEADER = """\
/* The trained LeNet-5 of the pad, for lenet.js: float32, little-endian, base64.
 * Written by tools/export_web.py. Do not edit.
 */
"""
DIGITS_HEADER = """\
/* The digits that come with scikit-learn, for train-run.js: Optical Recognition of
 * Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998.
 * One digit a line: its label, then 8 x 8 pixels from a (paper) to q (16, full ink).
 * Split, mean and spread as in lenet_helpers.data.load("digits").
 * Written by tools/export_web.py. Do not edit.
 */
"""


def digits_to_javascript() -> str:
    """The text of bundled-digits.js."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    from lenet_helpers import data

    bunch, digits = load_digits(), data.load("digits")
    train, test = train_test_split(
        range(len(bunch.target)), test_size=360, stratify=bunch.target, random_state=0
    )

    def lines(which: list[int]) -> str:
        pixels = bunch.data.astype(int) + ord("a")
        return "\n".join(
            f"{bunch.target[i]}{bytes(pixels[i].tolist()).decode()}" for i in which
        )

    return (
        f"{DIGITS_HEADER}globalThis.BundledDigits = {{\n"
        f"  mean: {digits.mean!r},\n  std: {digits.std!r},\n"
        f"  train: `{lines(train)}`,\n  heldOut: `{lines(test)}`,\n}};\n"
    )


def to_javascript(weights: Path) -> str:
    """The text of weights.js for a safetensors file of ModernLeNet5.

    The file's metadata must name ``activation``, ``pool``, ``mean`` and ``std``
    (of the padded training images, in units of full intensity). It may name ``none``,
    the logit of what is no digit, the ``threshold`` at which that is said, and how many
    percent are then ``refused`` of the test digits, and of strange letters.

    Raises:
        KeyError: the metadata lacks one of the first four.
    """
    with safe_open(weights, framework="numpy") as file:
        metadata = file.metadata() or {}
        variant = {name: metadata[name] for name in ("activation", "pool")}
        told = [name for name in OF_NONE if name in metadata]
        variant |= {name: float(metadata[name]) for name in ("mean", "std", *told)}
        tensors = {name: file.get_tensor(name) for name in sorted(file.keys())}
    lines = [f"  {name}: {json.dumps(value)}," for name, value in variant.items()]
    lines.append("  tensors: {")
    for name, tensor in tensors.items():
        data = base64.b64encode(tensor.astype("<f4").tobytes()).decode()
        entry = json.dumps({"shape": tensor.shape, "data": data})
        lines.append(f'    "{name}": {entry},')
    body = "\n".join([*lines, "  },"])
    return f"{HEADER}globalThis.LENET_WEIGHTS = {{\n{body}\n}};\n"


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    made = {
        "weights.js": to_javascript(WEIGHTS),
        "bundled-digits.js": digits_to_javascript(),
    }
    for name, text in made.items():
        (WEB / name).write_text(text, encoding="ascii")
        print(f"wrote {WEB / name} ({len(text):,} bytes)")


if __name__ == "__main__":
    main()
