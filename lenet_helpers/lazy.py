"""A package's face: names that are loaded from their module when they are asked for.

Whoever uses one figure then loads one module, and a change of another module does
not touch him (PEP 562).
"""

import sys
from collections.abc import Callable
from importlib import import_module


def face(package: str, modules: dict[str, str]) -> tuple[Callable, list[str]]:
    """``__getattr__`` and ``__all__`` of ``package``.

    ``modules`` names what each module hands on: ``{"maps": "digits kernels"}``. No
    name may be that of a module: it would be the module once that is loaded.
    """
    owner = {name: module for module in modules for name in modules[module].split()}
    if both := owner.keys() & modules.keys():
        raise ValueError(f"{package}: {min(both)!r} is a module and a name in one")

    def load(name: str) -> object:
        if name not in owner:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{owner[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return load, sorted(owner)
