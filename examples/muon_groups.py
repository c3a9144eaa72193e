"""Give parameters different optimizers: Muon for hidden matrices, AdamW for the rest.

A group selects parameters by role, name, number of dimensions or depth. It is an error if a
parameter is in no group, or if a group selects nothing.
"""

from deepobs.runner import run

groups = ("role=hidden optimizer=Muon", "optimizer=AdamW lr_factor=0.3")
record = run("digits_mlp", "Muon", lr=0.02, groups=groups, epochs=3, results="results")
print(f"test accuracy {record.test_accuracies[-1]:.3f}")
