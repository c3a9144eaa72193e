"""What every worker needs, imported once by the server process that workers are forked from."""

import torch._dynamo  # any optimizer imports it with its first step, which takes seconds

from . import _worker as _work

__all__ = ["_work", "torch"]
