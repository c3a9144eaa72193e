"""Trials of an optimizer before anything runs."""

import pytest
import torch

from deepobs.runner import RunConfig, UsageError


class OnlyMatrices(torch.optim.SGD):
    """Fails in its step unless all parameters have two dimensions."""

    def step(self, closure=None):
        """SGD's step."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.ndim != 2:
                    raise ValueError(f"no {parameter.ndim}-dimensional parameters")
        return super().step(closure)


@pytest.mark.parametrize(
    ("problem", "dimensions"),
    [("quadratic_deep", 1), ("two_d_branin", 0), ("mnist_vae", 4), ("shakespeare_gpt_small", 1)],
)
def test_the_trial_step_has_the_kinds_of_parameters_of_the_problem(problem, dimensions):
    """So an optimizer that cannot train them is found before anything starts."""
    said = f"fails in a trial step on a small copy of {problem}: ValueError: no {dimensions}-"
    with pytest.raises(UsageError, match=said):
        RunConfig(problem=problem, optimizer=OnlyMatrices, lr=0.1)


def test_the_trial_step_asks_for_no_parameters_that_the_problem_does_not_have():
    """The only parameters of this problem are matrices."""
    config = RunConfig(problem="matrix_sensing", optimizer=OnlyMatrices, lr=0.1)
    assert config.optimizer is OnlyMatrices


def test_the_trial_step_trains_the_groups_with_their_own_optimizers():
    """SparseAdam fails with dense gradients."""
    groups = ("role=bias optimizer=SparseAdam", "rest")
    with pytest.raises(UsageError, match="SparseAdam does not support dense gradients"):
        RunConfig(problem="digits_mlp", optimizer="SGD", lr=0.1, groups=groups)


def test_groups_that_do_not_fit_a_packaged_problem_are_refused_before_anything_starts():
    """The names of its parameters are known."""
    groups = ("role=convolution", "rest")
    with pytest.raises(UsageError, match="'role=convolution' matches no parameter of digits_mlp"):
        RunConfig(problem="digits_mlp", optimizer="SGD", lr=0.1, groups=groups)


def test_a_trial_step_changes_no_random_state_and_logs_nothing(caplog):
    """What the optimizer has to say is logged by the run."""
    before = torch.get_rng_state()
    RunConfig(problem="digits_logreg", optimizer="Muon", lr=0.1)
    assert torch.equal(before, torch.get_rng_state())
    assert not caplog.records
