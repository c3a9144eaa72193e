"""Learning-rate schedules: by name, or any class of torch.optim.lr_scheduler."""

from ._check import check_schedule
from ._schedule import make_schedule

__all__ = ["check_schedule", "make_schedule"]
