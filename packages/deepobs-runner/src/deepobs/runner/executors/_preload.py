"""Modules that the fork server imports once for all workers."""

import torch._dynamo  # optimizers import it in their first step, which takes seconds

from . import _worker as _work

__all__ = ["_work", "torch"]
