"""The network that adds modulo a prime."""

import torch

from deepobs.models import ModularAddition


def test_numbers_are_interchangeable() -> None:
    """Both numbers share an embedding and are added: a + b and b + a have the same logits."""
    torch.manual_seed(0)
    numbers = torch.randint(0, 113, (5, 2))
    model = ModularAddition()
    torch.testing.assert_close(model(numbers), model(numbers.flip(1)))


def test_hidden_layer_has_relu() -> None:
    """The logits are W ReLU(H (E[a] + E[b]) + c) + d."""
    torch.manual_seed(0)
    model = ModularAddition(modulus=5, width=4, hidden_size=6)
    summed = model.embedding.weight[2] + model.embedding.weight[4]
    hidden = (model.hidden.weight @ summed + model.hidden.bias).clamp(min=0)
    expected = model.output.weight @ hidden + model.output.bias
    torch.testing.assert_close(model(torch.tensor([[2, 4]]))[0], expected)
