"""Every figure of the book, in one style that reads on light and dark pages."""

from lenet_helpers.plots.style import COLORS, INK, style

style()

__all__ = ["COLORS", "INK", "style"]
