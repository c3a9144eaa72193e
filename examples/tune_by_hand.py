"""Use Optuna yourself, and let DeepOBS do the runs.

`validation=0.2` holds out a part of the training set, on which the objective is measured.
"""

import optuna

from deepobs.runner import run

optuna.logging.set_verbosity(optuna.logging.WARNING)


def objective(trial: optuna.Trial) -> float:
    record = run(
        "digits_logreg",
        "SGD",
        lr=trial.suggest_float("lr", 1e-3, 10, log=True),
        hyperparameters={"momentum": trial.suggest_float("momentum", 0.0, 0.99)},
        epochs=2,
        validation=0.2,
        results="results",
        progress="off",
    )
    return record.valid_losses[-1]


study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
study.optimize(objective, n_trials=8)
print("best validation loss", round(study.best_value, 4), "with", study.best_params)
