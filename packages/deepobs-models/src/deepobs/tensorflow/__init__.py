"""Makes DeepOBS 1.1 say that it is in the way: its `deepobs/__init__.py` imports this name first.

See `deepobs/version.py`, which does the same for DeepOBS 1.2.
"""

from .. import models  # noqa: F401 - checks for DeepOBS 1.x

raise ImportError("DeepOBS 2 has no deepobs.tensorflow: use deepobs.problems and deepobs.runner.")
