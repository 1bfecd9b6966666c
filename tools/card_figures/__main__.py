"""Draws the cards' figures into lenet_course/interview/figures.

python -m tools.card_figures            # all
python -m tools.card_figures plateau    # some
"""

import sys
from pathlib import Path

from tools.card_figures import arithmetic, channels, curves, mistakes, networks
from tools.card_figures.save import svg

FOLDER = Path(__file__).resolve().parents[2] / "lenet_course/interview/figures"
DRAWINGS = {
    "lenet5": networks.lenet5,
    "field-growth": networks.field_growth,
    "stride-doubles": networks.stride_doubles,
    "c3-table": networks.c3_table,
    "lenet-shares": networks.lenet_shares,
    "alexnet-shares": networks.alexnet_shares,
    "output-size": arithmetic.output_size,
    "im2col": arithmetic.im2col,
    "pooling-backward": arithmetic.pooling_backward,
    "checkerboard": arithmetic.checkerboard,
    "gridding": arithmetic.gridding,
    "groups": channels.groups,
    "separable": channels.separable,
    "four-norms": channels.four_norms,
    "activations": curves.activations,
    "sigmoid-chain": curves.sigmoid_chain,
    "schedules": curves.schedule_shapes,
    "plateau": curves.plateau,
    "rates": curves.rates,
    "roofline": curves.roofline,
    "confusion": mistakes.confusion,
}


def main(names: list[str]) -> int:
    if unknown := set(names) - set(DRAWINGS):
        print(f"no drawing {', '.join(unknown)}; there are: {', '.join(DRAWINGS)}")
        return 2
    for name in names or DRAWINGS:
        path = FOLDER / f"{name}.svg"
        path.write_text(svg(DRAWINGS[name]()), encoding="utf-8")
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
