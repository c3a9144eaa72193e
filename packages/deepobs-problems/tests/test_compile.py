"""The objective of a problem, compiled."""

import pytest
import torch
from torch._dynamo.testing import CompileCounter

from deepobs.problems import build


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own compiler
@pytest.mark.parametrize(
    "name", ["cifar10_3c3d", "quadratic_deep", "shakespeare_gpt_small", "mnist_vae"]
)
def test_model_loss_and_regularizer_are_one_function(name: str, stand_ins: str) -> None:
    """Without a graph break and compiled once, with the same values and gradients."""
    built = build(name, batch_size=4, data_root=stand_ins)
    batch, state = next(built.batches("train")), built.state_dict()
    expected = built.objective(batch)
    gradients = torch.autograd.grad(expected, list(built.model.parameters()))
    counter = CompileCounter()
    built.compile(backend=counter, fullgraph=True)
    for _ in range(2):
        built.load_state_dict(state)
        compiled = built.objective(batch)
        assert torch.equal(compiled, expected)
        found = torch.autograd.grad(compiled, list(built.model.parameters()))
        assert all(map(torch.equal, found, gradients))
    assert counter.frame_count == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # the compiler reads it
def test_a_carried_state_goes_on(stand_ins: str) -> None:
    """The second batch starts from the state after the first, as it does uncompiled."""
    plain, compiled = (
        build("tolstoi_char_rnn", batch_size=2, data_root=stand_ins) for _ in range(2)
    )
    compiled.compile(backend="eager")
    for batch in list(plain.batches("train"))[:2]:
        assert torch.equal(compiled.objective(batch), plain.objective(batch))
