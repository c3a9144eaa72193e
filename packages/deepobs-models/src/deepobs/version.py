"""Makes DeepOBS 1.2 say that it is in the way: its `deepobs/__init__.py` imports this name first.

Installed over the file of DeepOBS 1.2, this module imports `deepobs.models`, whose check names what
to uninstall. Otherwise DeepOBS 1.2 would fail for lack of seaborn or tikzplotlib.
"""

from . import models  # noqa: F401 - checks for DeepOBS 1.x
