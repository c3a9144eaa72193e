"""The recurrent network of characters."""

import pytest
import torch
from torch import Tensor

from deepobs.models import CharRNN


@pytest.fixture
def model() -> CharRNN:
    torch.manual_seed(0)
    return CharRNN(vocabulary_size=11, hidden_size=6)


@pytest.fixture
def tokens() -> Tensor:
    return torch.randint(0, 11, (3, 10), generator=torch.Generator().manual_seed(0))


def test_state_carries_over(model: CharRNN, tokens: Tensor) -> None:
    """Two halves with the state passed on give the output of the whole; the default is zeros."""
    model.eval()
    whole, end = model(tokens)
    first, state = model(tokens[:, :4])
    second, state = model(tokens[:, 4:], state)
    torch.testing.assert_close(torch.cat((first, second), 1), whole)
    torch.testing.assert_close(state, end)
    zeros = tuple((torch.zeros(1, 3, 6), torch.zeros(1, 3, 6)) for _ in range(2))
    torch.testing.assert_close(model(tokens, zeros)[0], whole)


def test_lstm_follows_its_formula(model: CharRNN, tokens: Tensor) -> None:
    """c' = σ(f + 1) c + σ(i) tanh(g), h = σ(o) tanh(c'), with one bias vector to train."""
    model.eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.normal_()
    logits, _ = model(tokens)
    hidden = [torch.zeros(3, 6), torch.zeros(3, 6)]
    cell = [torch.zeros(3, 6), torch.zeros(3, 6)]
    for step in range(tokens.shape[1]):
        x = model.embedding.weight[tokens[:, step]]
        for layer, lstm in enumerate((model.lstm_1, model.lstm_2)):
            weight_ih, weight_hh, bias, _ = lstm.all_weights[0]
            gates = x @ weight_ih.T + hidden[layer] @ weight_hh.T + bias
            i, f, g, o = gates.chunk(4, dim=1)
            cell[layer] = (f + 1).sigmoid() * cell[layer] + i.sigmoid() * g.tanh()
            hidden[layer] = x = o.sigmoid() * cell[layer].tanh()
        torch.testing.assert_close(logits[:, step], model.dense(x), rtol=1e-4, atol=1e-5)


def test_forget_bias_is_frozen(model: CharRNN, tokens: Tensor) -> None:
    """Each layer trains one bias vector; the other is fixed and holds the forget gate's 1."""
    frozen = [name for name, p in model.named_parameters() if not p.requires_grad]
    assert frozen == ["lstm_1.bias_hh_l0", "lstm_2.bias_hh_l0"]
    expected = torch.tensor([0.0] * 6 + [1.0] * 6 + [0.0] * 12)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    model(tokens)[0].square().sum().backward()
    optimizer.step()
    assert torch.equal(model.get_parameter("lstm_1.bias_hh_l0"), expected)
    assert torch.equal(model.get_parameter("lstm_2.bias_hh_l0"), expected)


def test_dropout_masks_differ_between_time_steps() -> None:
    """Each time step has a mask of its own, also where characters repeat."""
    torch.manual_seed(0)
    dropped = CharRNN().dropout(torch.ones(1, 50, 128))
    assert not torch.equal(dropped[0, 0], dropped[0, 1])


def test_two_masks_between_the_layers_are_one_of_their_product(model: CharRNN) -> None:
    """Dropping with 0.2 twice keeps 0.64 of the units and scales by 1 / 0.64."""
    assert model.dropout_between.p == pytest.approx(0.36)
    torch.manual_seed(0)
    kept = model.dropout_between(torch.ones(100_000))
    assert kept.max().item() == pytest.approx(1 / 0.64)
    # The standard error of the share is 0.0015.
    assert (kept > 0).float().mean().item() == pytest.approx(0.64, abs=0.008)


def test_tokens_are_checked(model: CharRNN) -> None:
    """A sequence without a batch dimension is refused; the message states the expected shape."""
    with pytest.raises(ValueError, match=r"Expected tokens of shape \[N, T\], got \[5\]"):
        model(torch.zeros(5, dtype=torch.long))
