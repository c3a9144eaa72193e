"""Statistics: pure functions on the tidy frames of `load_records` and `load_baselines`."""

from ._bootstrap import interquartile_mean, mean_interval, stratified_bootstrap
from ._compare import compare
from ._cost import optimizer_overhead, pareto_mask, speed_frontier
from ._flags import Bimodality, bimodality, collapsed_runs, fallen_runs, group_flags
from ._followed import fresh_seeds
from ._importance import LEAST_TRIALS, Importance, hyperparameter_importance
from ._intervals import difference_interval, probability_of_improvement
from ._metrics import (
    AnalysisError,
    Phase,
    default_metric,
    higher_is_better,
    metric_columns,
    metric_name,
    problem_metrics,
)
from ._overall import aggregate_table, compare_overall, normalized_scores
from ._permutation import (
    PermutationTest,
    holm,
    permutation_test,
    stratified_permutation_test,
)
from ._profiles import (
    R_MAX,
    Measure,
    performance_profile,
    profile_score,
    time_ratios,
    times_to_target,
)
from ._progress import DECADES, Progress
from ._ranks import RankTest, rank_test, score_matrix
from ._runs import (
    combine,
    final_values,
    per_run,
    run_values,
    value_before_training,
    with_methods,
)
from ._samples import Contest, Pairs, Sample, contests, pair_up
from ._sensitivity import sensitivity_curve, sensitivity_table
from ._sequential import AnytimeComparison, anytime_comparison, anytime_p_value, log_wealth
from ._settings import STUDIES_CHOICE, all_but_rate
from ._study import conclude, study_verdict
from ._targets import (
    CONVERGENCE_TARGETS,
    Target,
    problem_targets,
    target_on,
    target_table,
    time_to_target,
)
from ._tunability import best_of_intervals, expected_best, tunability
from ._tuning import grid_edges, judged_runs, summary_table, tuned_runs, tuned_settings
from ._verdict import (
    ALPHA,
    Cell,
    Certainty,
    Code,
    Comparison,
    Kind,
    OverallComparison,
    ProblemVerdict,
    Reason,
    StudyVerdict,
)

__all__ = [
    "ALPHA",
    "CONVERGENCE_TARGETS",
    "DECADES",
    "LEAST_TRIALS",
    "R_MAX",
    "STUDIES_CHOICE",
    "AnalysisError",
    "AnytimeComparison",
    "Bimodality",
    "Cell",
    "Certainty",
    "Code",
    "Comparison",
    "Contest",
    "Importance",
    "Kind",
    "Measure",
    "OverallComparison",
    "Pairs",
    "PermutationTest",
    "Phase",
    "ProblemVerdict",
    "Progress",
    "RankTest",
    "Reason",
    "Sample",
    "StudyVerdict",
    "Target",
    "aggregate_table",
    "all_but_rate",
    "anytime_comparison",
    "anytime_p_value",
    "best_of_intervals",
    "bimodality",
    "collapsed_runs",
    "combine",
    "compare",
    "compare_overall",
    "conclude",
    "contests",
    "default_metric",
    "difference_interval",
    "expected_best",
    "fallen_runs",
    "final_values",
    "fresh_seeds",
    "grid_edges",
    "group_flags",
    "higher_is_better",
    "holm",
    "hyperparameter_importance",
    "interquartile_mean",
    "judged_runs",
    "log_wealth",
    "mean_interval",
    "metric_columns",
    "metric_name",
    "normalized_scores",
    "optimizer_overhead",
    "pair_up",
    "pareto_mask",
    "per_run",
    "performance_profile",
    "permutation_test",
    "probability_of_improvement",
    "problem_metrics",
    "problem_targets",
    "profile_score",
    "rank_test",
    "run_values",
    "score_matrix",
    "sensitivity_curve",
    "sensitivity_table",
    "speed_frontier",
    "stratified_bootstrap",
    "stratified_permutation_test",
    "study_verdict",
    "summary_table",
    "target_on",
    "target_table",
    "time_ratios",
    "time_to_target",
    "times_to_target",
    "tunability",
    "tuned_runs",
    "tuned_settings",
    "value_before_training",
    "with_methods",
]
