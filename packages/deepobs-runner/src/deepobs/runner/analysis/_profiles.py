"""Performance profiles over problems, and their score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
import pandas as pd

from ._metrics import Phase, check_choice
from ._runs import with_methods
from ._targets import Target, target_table

Measure = Literal["epochs", "steps", "examples", "tokens", "seconds"]
#: AlgoPerf's upper limit of the integral.
R_MAX = 4.0


def time_ratios(times: pd.DataFrame) -> pd.DataFrame:
    r"""Divides each problem's times by the fastest method's.

    \[ r_{ps} = t_{ps} / \min_{s'} t_{ps'} \]

    Args:
        times: Times to target, one row per problem, one column per method; infinity where the
            target was not reached.

    Returns:
        The ratios, of the same shape; infinity where not reached. On a problem that no method
        solved, all are infinite.

    Raises:
        ValueError: If a time is NaN or not positive.

    Source:
        Dolan and Moré, Benchmarking optimization software with performance profiles, Mathematical
        Programming 91 (2002), arXiv cs/0102001, equation 1.
    """
    values = times.to_numpy(dtype=np.float64)
    if np.isnan(values).any() or (values <= 0).any():
        raise ValueError("times to target must be positive numbers or infinity")
    fastest = values.min(axis=1, keepdims=True)
    ratios = values / np.where(np.isinf(fastest), 1.0, fastest)
    return pd.DataFrame(ratios, index=times.index, columns=times.columns)


def performance_profile(times: pd.DataFrame, taus: np.ndarray | None = None) -> pd.DataFrame:
    r"""Computes the share of problems that a method solves within \(\tau\) times the fastest time.

    \[ \rho_s(\tau) = \frac{1}{n} \, \bigl| \{p : r_{ps} \le \tau\} \bigr| \]

    Args:
        times: Times to target, one row per problem, one column per method.
        taus: Where to evaluate the profile, `[T]`; by default 1, `R_MAX` and all ratios in between,
            where the step functions jump.

    Returns:
        One row per \(\tau\) (the index), one column per method.

    Source:
        Dolan and Moré 2002, equation 2; AlgoPerf: Dahl et al., Benchmarking Neural Network
        Training Algorithms, 2023, arXiv 2306.07179, section 4.5.
    """
    ratios = time_ratios(times)
    if taus is None:
        found = ratios.to_numpy().ravel()
        inside = found[(found > 1.0) & (found < R_MAX)]
        taus = np.unique(np.concatenate([[1.0], inside, [R_MAX]]))
    shares = [(ratios <= tau).mean() for tau in taus]
    return pd.DataFrame(shares, index=pd.Index(taus, name="tau"))


def profile_score(times: pd.DataFrame, r_max: float = R_MAX) -> pd.Series:
    r"""Integrates the performance profiles: AlgoPerf's benchmark score.

    \[ B_s = \frac{1}{r_{\max} - 1} \int_1^{r_{\max}} \rho_s(\tau)\, d\tau
           = \frac{1}{n} \sum_p \frac{\max(0,\, r_{\max} - r_{ps})}{r_{\max} - 1}. \]
    The profile is a step function, so the sum is exact.

    Args:
        times: Times to target, one row per problem, one column per method.
        r_max: The largest ratio that counts.

    Returns:
        A score between 0 (never within `r_max` times the fastest) and 1 (fastest on every problem)
        for each method.

    Raises:
        ValueError: If `r_max` is not above 1.

    Source:
        Dahl et al. 2023, arXiv 2306.07179, section 4.5 (there r_max = 4).
    """
    if not r_max > 1:
        raise ValueError(f"r_max is {r_max}, expected a number above 1")
    lead = (r_max - time_ratios(times)).clip(lower=0.0) / (r_max - 1)
    return lead.mean().rename("score")


def times_to_target(
    frame: pd.DataFrame,
    measure: Measure = "epochs",
    targets: Mapping[str, Target] | None = None,
    phase: Phase = "test",
) -> pd.DataFrame:
    """Returns the methods' median times to target, in the form that the profile functions take.

    Args:
        frame: A tidy frame of tuned runs (`tuned_runs`).
        measure: "epochs", "steps", "examples", "tokens" or "seconds".
        targets: As for `time_to_target`.
        phase: As for `time_to_target`.

    Returns:
        One row per problem and one column per method; no rows if no method reached any target. The
        time is infinite if most runs of a method did not reach the target. A target that is met
        before training counts as reached after one epoch, the shortest time that is measured.
        Problems that not all methods were run on, or for which the measure was not recorded, are
        left out.

    Raises:
        UsageError: If `measure` is not one of the five.
    """
    check_choice("measure", measure, get_args(Measure))
    table = target_table(frame, targets, phase)
    times = table.pivot(index="problem", columns="method", values=f"{measure}_to_target")
    labelled = with_methods(frame)
    first = labelled[labelled["epoch"] == 1]
    keys = [first[name].astype(object) for name in ("problem", "method")]
    column = "epoch" if measure == "epochs" else measure
    one_epoch = first[column].astype(np.float64).groupby(keys).median().unstack()
    times = times.clip(lower=one_epoch.reindex_like(times))
    times = times.where(times > 0).dropna()  # without any epoch no time was measured
    return times if np.isfinite(times.to_numpy()).any() else times.iloc[:0]
