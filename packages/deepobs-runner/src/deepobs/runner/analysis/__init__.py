"""Numbers only: pure functions over the tidy frames of `load_records` and `load_baselines`."""

from ._bootstrap import interquartile_mean, mean_interval, stratified_bootstrap
from ._runs import (
    AnalysisError,
    combine,
    default_metric,
    higher_is_better,
    per_run,
    run_values,
    with_methods,
)
from ._tuning import summary_table, tuned_runs, tuned_settings

__all__ = [
    "AnalysisError",
    "combine",
    "default_metric",
    "higher_is_better",
    "interquartile_mean",
    "mean_interval",
    "per_run",
    "run_values",
    "stratified_bootstrap",
    "summary_table",
    "tuned_runs",
    "tuned_settings",
    "with_methods",
]
