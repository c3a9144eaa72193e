"""Run an optimizer that evaluates the loss several times in a step.

L-BFGS is called with a closure. A record counts the evaluations of the gradient, so that its cost
can be compared with that of other optimizers.
"""

from deepobs.runner import run

record = run(
    "rotated_quadratic",
    "LBFGS",
    lr=1.0,
    hyperparameters={"max_iter": 5},
    epochs=3,
    results="results",
)
print("test losses:", [f"{loss:.3g}" for loss in record.test_losses])
print("evaluations of the gradient in each epoch:", record.passes)
