"""The arithmetic of convolutional networks: formulas, and ``trace`` for a whole model.

The formulas are those one writes on paper; ``trace`` runs a model once and reads the
same quantities off its layers, so that each can be checked against the other.
"""

from lenet_helpers import lazy

__getattr__, __all__ = lazy.face(
    __name__,
    {
        "formulas": "conv_connections conv_macs conv_output_size conv_params "
        "linear_params receptive_field",
        "tracing": "LayerRow Trace trace",
    },
)
