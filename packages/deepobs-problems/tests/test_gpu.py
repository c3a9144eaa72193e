"""Every problem on another device computes what it does on the CPU.

The session `gpu` runs these tests. `DEEPOBS_GPU` names the device, `cuda` by default; with `cpu`
they run without one, which shows that the tests themselves work.
"""

import os

import pytest
import torch

from deepobs.problems import PROBLEMS, build

pytestmark = pytest.mark.gpu

DEVICE = os.environ.get("DEEPOBS_GPU", "cuda")
if DEVICE == "cuda" and not torch.cuda.is_available():
    pytest.skip("needs a GPU", allow_module_level=True)


def _loss_and_gradients(name: str, root: str, device: str) -> tuple[float, dict[str, torch.Tensor]]:
    size = None if PROBLEMS[name].full_batch else 4
    problem = build(name, seed=1, batch_size=size, data_root=root, device=device)
    batch = next(problem.batches("train_eval"))  # few examples, and no draws in training order
    problem.model.eval()  # dropout draws on the device
    loss = problem.objective(batch)
    loss.backward()
    named = problem.model.named_parameters()
    gradients = {key: p.grad.cpu().double() for key, p in named if p.grad is not None}
    return float(loss.detach()), gradients


@pytest.mark.parametrize("name", list(PROBLEMS.ours))
def test_loss_and_gradients_are_those_of_the_cpu(name: str, stand_ins: str) -> None:
    """To 1e-3 of the largest entry: sums are in another order, with TF32 off."""
    expected, gradients = _loss_and_gradients(name, stand_ins, "cpu")
    loss, others = _loss_and_gradients(name, stand_ins, DEVICE)
    assert loss == pytest.approx(expected, rel=1e-3)
    assert others.keys() == gradients.keys()
    for key, gradient in gradients.items():
        scale = float(gradient.abs().max())
        assert float((others[key] - gradient).abs().max()) <= 1e-3 * scale + 1e-12, key


@pytest.mark.parametrize("name", ["mnist_vae", "cifar100_wrn404", "shakespeare_gpt"])
def test_batches_are_those_of_the_cpu(name: str, stand_ins: str) -> None:
    """Order, augmentation and places in a text are drawn by the CPU's generator."""
    first, second = (
        next(build(name, seed=1, batch_size=4, data_root=stand_ins, device=device).batches("train"))
        for device in ("cpu", DEVICE)
    )
    torch.testing.assert_close(second.inputs.cpu(), first.inputs, rtol=1e-4, atol=1e-4)
    assert torch.equal(second.targets.cpu(), first.targets)
