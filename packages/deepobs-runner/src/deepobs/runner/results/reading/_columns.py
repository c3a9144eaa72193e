"""The columns of the tidy frame, and of the table of runs it is spread out from."""

from __future__ import annotations

# A run's series as it is called in the files, and the frame's column it becomes.
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
# Both have one value per epoch of training; the frame holds their running sums.
PER_EPOCH = ("steps", "seconds")

TEXTS = (
    "run_id",
    "source",
    "file",
    "problem",
    "optimizer",
    "optimizer_path",
    "hyperparameters",
    "schedule",
    "variant",
    "status",
)
COSTS = (
    "forward_backward_seconds",
    "optimizer_seconds",
    "optimizer_state_bytes",
    "peak_memory_bytes",
)
NUMBERS = ("learning_rate", "weight_decay", "validation", "batch_size", *COSTS)
INTEGERS = ("num_epochs", "seed")
RUN_COLUMNS = (*TEXTS, *NUMBERS, *INTEGERS)

FRAME_COLUMNS = (
    "run_id",
    "source",
    "file",
    "problem",
    "optimizer",
    "optimizer_path",
    "hyperparameters",
    "learning_rate",
    "schedule",
    "variant",
    "batch_size",
    "weight_decay",
    "validation",
    "num_epochs",
    "seed",
    "status",
    "epoch",
    *METRICS,
    "steps",
    "seconds",
    *COSTS,
)
