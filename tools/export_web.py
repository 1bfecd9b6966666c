"""Write the trained LeNet-5 as a script that the book's pages can load.

    python -m tools.export_web  # web/weights.js

The same weights give the same file, byte for byte; a test holds them together.
"""

import argparse
import base64
import json
from pathlib import Path

from safetensors import safe_open

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "lenet_helpers" / "weights" / "modern-lenet5.safetensors"
SCRIPT = ROOT / "web" / "weights.js"
HEADER = """\
/* The trained LeNet-5 of this book, for lenet.js: float32, little-endian, base64.
 * Written by tools/export_web.py. Do not edit.
 */
"""


def to_javascript(weights: Path) -> str:
    """The text of weights.js for a safetensors file of ModernLeNet5.

    The file's metadata must name ``activation``, ``pool``, ``mean`` and ``std``
    (of the padded training images, in units of full intensity).

    Raises:
        KeyError: the metadata lacks one of the four.
    """
    with safe_open(weights, framework="numpy") as file:
        metadata = file.metadata() or {}
        variant = {name: metadata[name] for name in ("activation", "pool")}
        variant |= {name: float(metadata[name]) for name in ("mean", "std")}
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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--output", type=Path, default=SCRIPT)
    args = parser.parse_args()
    args.output.write_text(to_javascript(args.weights), encoding="ascii")
    print(f"wrote {args.output} ({args.output.stat().st_size:,} bytes)")


if __name__ == "__main__":
    main()
