"""The small package behind the chapters of *LeNet, Inside Out*.

Importing it costs nothing: each module is loaded when it is asked for, and only
``plots`` needs matplotlib.
"""

__version__ = "0.1.0"
