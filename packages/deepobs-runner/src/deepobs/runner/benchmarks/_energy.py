"""The energy that this machine uses, if its counters can be read."""

from __future__ import annotations

import math
import time
from pathlib import Path
from types import TracebackType
from typing import Self

# Linux shows the energy counters of Intel's and AMD's processors here, one folder a socket.
_RAPL = Path("/sys/class/powercap")
_JOULES = 1e-6  # the counters are in microjoules


class EnergyMeter:
    """A context manager that measures the mean power of the processors.

    The counters (RAPL) measure whole processors, including other programs. GPUs, memory and the
    rest of the machine are not included.

    Args:
        root: The folder of the counters.
    """

    def __init__(self, root: Path = _RAPL) -> None:
        self._sockets = [path for path in sorted(root.glob("intel-rapl:*")) if _is_socket(path)]
        self.watts = math.nan

    def __enter__(self) -> Self:
        """Reads the counters."""
        self._begin, self._started = self._read(), time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Sets `watts`: NaN without a counter that can be read."""
        seconds = time.perf_counter() - self._started
        used = [self._between(*pair) for pair in zip(self._begin, self._read(), strict=True)]
        self.watts = sum(used) / seconds if used and seconds else math.nan

    def _read(self) -> list[tuple[float, float]]:
        return [
            (_number(p / "energy_uj"), _number(p / "max_energy_range_uj")) for p in self._sockets
        ]

    @staticmethod
    def _between(before: tuple[float, float], after: tuple[float, float]) -> float:
        """Returns the joules between two readings of a counter, which begins again at its end."""
        difference = after[0] - before[0]
        return (difference if difference >= 0 else difference + after[1]) * _JOULES


def _is_socket(path: Path) -> bool:
    """Returns whether a folder is a whole processor with a readable counter, not a part of one."""
    return path.name.count(":") == 1 and not math.isnan(_number(path / "energy_uj"))


def _number(path: Path) -> float:
    try:
        return float(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # no such counter, or only root may read it
        return math.nan
