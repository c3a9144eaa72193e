"""The columns of the tidy frame, and of the table of runs it is made from."""

from __future__ import annotations

from ...config import SETTINGS, Setting

# Names of a run's series in the files, and of the frame's columns.
SERIES = {
    "train_losses": "train_loss",
    "test_losses": "test_loss",
    "valid_losses": "valid_loss",
    "train_accuracies": "train_accuracy",
    "test_accuracies": "test_accuracy",
    "valid_accuracies": "valid_accuracy",
    "train_regularizers": "train_regularizer",
    "test_regularizers": "test_regularizer",
}
METRICS = tuple(SERIES.values())
# A run's other metrics are in one column of the table of runs, a map from the names of the frame's
# columns, such as "test_perplexity", to series.
OWN_METRICS = "own_metrics"
# Each has one value per epoch of training; the frame holds their running sums. `passes` are
# evaluations of the gradient.
PER_EPOCH = ("steps", "seconds", "passes")

#: The settings that a run's row has a column for: all but problem and optimizer, whose columns
#: hold more than one word.
IN_COLUMNS: tuple[Setting, ...] = tuple(item for item in SETTINGS if item.kind != "object")
_KINDS = {item.column: item.kind for item in IN_COLUMNS}
_INTEGERS = ("num_epochs", "seed")  # never missing


def _of_kind(*kinds: str) -> tuple[str, ...]:
    return tuple(name for name, kind in _KINDS.items() if kind in kinds and name not in _INTEGERS)


TEXTS = (
    "run_id",
    "source",
    "file",
    "problem",
    "optimizer",
    "optimizer_path",
    *_of_kind("pairs", "named", "str", "texts"),
    "status",
    "started",
    "hardware",
    "versions",
    "primary_metric",
    "maximized",
)
COSTS = (
    "forward_backward_seconds",
    "optimizer_seconds",
    "optimizer_state_bytes",
    "peak_memory_bytes",
)
NUMBERS = (*_of_kind("float", "int"), "target", "sequence_length", *COSTS)
FLAGS = _of_kind("bool")
INTEGERS = (*_INTEGERS, "problem_version")
RUN_COLUMNS = (*TEXTS, *NUMBERS, *FLAGS, *INTEGERS)
# A run's role in a search; these come from the search's record, not from the run's.
SEARCH_TEXTS = ("search", "studies", "role", "searched", "objective")
SEARCH_COLUMNS = (*SEARCH_TEXTS, "budget")

# Columns of the frame before and after those of a run's own metrics.
FIRST_COLUMNS = (
    "run_id",
    "source",
    "file",
    "problem",
    "problem_version",
    "optimizer",
    "optimizer_path",
    *_KINDS,
    "status",
    "started",
    "hardware",
    "versions",
    "primary_metric",
    "maximized",
    "target",
    *SEARCH_COLUMNS,
    "epoch",
    *METRICS,
)
LAST_COLUMNS = (*PER_EPOCH, "examples", "tokens", *COSTS)
