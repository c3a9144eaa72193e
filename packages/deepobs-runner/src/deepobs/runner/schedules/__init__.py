"""Learning-rate schedules: by name, or any class of torch.optim.lr_scheduler."""

from ._check import check_schedule
from ._named import depends_on_length
from ._schedule import make_schedule

__all__ = ["check_schedule", "depends_on_length", "make_schedule"]
