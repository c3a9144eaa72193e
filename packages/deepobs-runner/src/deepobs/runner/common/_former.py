"""New names of arguments of DeepOBS 1.1 and 1.2."""

from __future__ import annotations

from collections.abc import Container, Mapping

#: Today's names in Python, in a sweep's file and as an option, by the former name of an argument.
_FORMER: Mapping[str, tuple[str, ...]] = {
    "testproblem": ("problem", "problems"),
    "test_problem": ("problem", "problems"),
    "optimizer_class": ("optimizer", "optimizers"),
    "learning_rate": ("lr",),
    "hyperparams": ("hyperparameters", "set"),
    "optimizer_args": ("hyperparameters", "set"),
    "hyperparam_names": ("hyperparameters", "set"),
    "hyperparameter_names": ("hyperparameters", "set"),
    "num_epochs": ("epochs",),
    "bs": ("batch_size",),
    "l2_reg": ("weight_decay",),
    "random_seed": ("seed", "seeds"),
    "data_dir": ("data_root",),
    "output_dir": ("results", "output"),
    "saveto": ("results", "output"),
    "no_logs": ("results",),
    "lr_sched_epochs": ("schedule", "schedules"),
    "lr_sched_factors": ("schedule", "schedules"),
    "train_log_interval": ("log_every", "callbacks"),
    "print_train_iter": ("progress",),
    "tf_logging": ("loggers", "logger", "callbacks"),
    "tb_log": ("loggers", "logger", "callbacks"),
    "tb_log_dir": ("loggers", "logger", "callbacks"),
    "ressources": ("trials",),
    "num_runs": ("repeat",),
    "rerun_best_setting": ("repeat",),
    # Arguments of TensorFlow's optimizers.
    "use_nesterov": ("nesterov",),
    "beta1": ("betas",),
    "beta2": ("betas",),
    "epsilon": ("eps",),
}


def name_today(name: str, choices: Container[str]) -> str | None:
    """Returns the new name of an argument of DeepOBS 1, or None.

    Args:
        name: The name that was given.
        choices: The valid names; the result is one of them.

    Example:
        >>> name_today("learning_rate", ["lr", "epochs"])
        'lr'
    """
    former = _FORMER.get(name.replace("-", "_"), ())
    return next((today for today in former if today in choices), None)
