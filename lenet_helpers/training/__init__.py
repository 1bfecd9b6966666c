"""Training and evaluation: one seeded, device-agnostic loop that can be resumed."""

from lenet_helpers import lazy

__getattr__, __all__ = lazy.face(
    __name__,
    {
        "checkpoints": "CheckpointError",
        "devices": "MixedDevices OutOfMemory pick_device seed_everything",
        "fitting": "evaluate fit split",
        "history": "History Scores",
        "loop": "TrainingDiverged",
    },
)
