"""The drawings of the question cards: SVG, made of what the helpers compute.

``python -m tools.card_figures`` draws all of them, or those that it names.
"""
