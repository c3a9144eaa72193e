"""Train one problem with one optimizer, and look at the record.

The record of a run is a JSON file with the losses and accuracies before training and after each
epoch. If you run this script again, the run is skipped because it has a record.
"""

from deepobs.runner import run

record = run("digits_mlp", "Adam", lr=3e-3, epochs=3, seed=42, results="results")
for epoch, (loss, accuracy) in enumerate(
    zip(record.test_losses, record.test_accuracies, strict=True)
):
    print(f"epoch {epoch}: test loss {loss:.3f}, test accuracy {accuracy:.3f}")
