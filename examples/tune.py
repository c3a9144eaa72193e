"""Find a good learning rate with few trials, and judge it with fresh seeds.

The search selects on validation data. The best setting is trained again on the whole training set,
with seeds that were not used for the selection.
"""

from deepobs.runner import tune

if __name__ == "__main__":  # worker processes import this file
    result = tune(
        "digits_logreg",
        "SGD",
        space=["lr=log:1e-3:10"],
        trials=8,
        repeat=3,
        epochs=2,
        results="results",
        workers=2,
        progress="off",
    )
    for trial in result.trials:
        print(f"lr {trial.settings['lr']:.3g}: validation loss {trial.value:.3f}")
    print("best:", dict(result.best.settings), "repeated with seeds", sorted(result.repeats))
