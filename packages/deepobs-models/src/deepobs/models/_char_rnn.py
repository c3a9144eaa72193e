"""A recurrent network that predicts the next character."""

import math

import torch.fx
from torch import Tensor, nn

from ._checks import check_shape

torch.fx.wrap("check_shape")

State = tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]
"""(h, c) of the first and of the second layer, each tensor of shape `[1, N, hidden_size]`."""


class CharRNN(nn.Module):
    """Character model: an embedding, two LSTM layers and an output layer over the vocabulary.

    As in TensorFlow, an LSTM layer has one bias vector to train, and 1 is added to the
    pre-activation of the forget gate. The second bias vector of `nn.LSTM` is frozen and holds that
    1. Dropout acts on the input and the output of each LSTM layer. Weights are initialized Glorot
    uniform, LSTM biases at 0; the bias of the output layer is Glorot uniform too.

    Source: Schneider, Balles and Hennig, DeepOBS, ICLR 2019, arXiv 1903.05499.

    Args:
        vocabulary_size: Number of characters V.
        hidden_size: Units of an LSTM layer, and size of the embedding.
        dropout: Probability of dropping an input or output of an LSTM layer. Every time step has a
            mask of its own.

    Raises:
        ValueError: If dropout is not a probability.
    """

    def __init__(
        self, vocabulary_size: int = 83, hidden_size: int = 128, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.embedding = nn.Embedding(vocabulary_size, hidden_size)
        self.lstm_1 = nn.LSTM(hidden_size, hidden_size, batch_first=True)
        self.lstm_2 = nn.LSTM(hidden_size, hidden_size, batch_first=True)
        self.dense = nn.Linear(hidden_size, vocabulary_size)
        self.dropout = nn.Dropout(dropout)
        # The output of the first layer and the input of the second are both dropped. Two masks in
        # a row are one mask that keeps with the product of their probabilities.
        self.dropout_between = nn.Dropout(1 - (1 - dropout) ** 2)
        for lstm in (self.lstm_1, self.lstm_2):
            lstm.all_weights[0][-1].requires_grad_(False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weights Glorot uniform, sets LSTM biases to 0 and the frozen forget bias to 1."""
        nn.init.xavier_uniform_(self.embedding.weight)
        size = self.hidden_size
        # TensorFlow's kernel is one matrix [2 size, 4 size] for inputs and hidden states.
        limit = math.sqrt(6 / (2 * size + 4 * size))
        for lstm in (self.lstm_1, self.lstm_2):
            weight_ih, weight_hh, bias, forget_bias = lstm.all_weights[0]
            nn.init.uniform_(weight_ih, -limit, limit)
            nn.init.uniform_(weight_hh, -limit, limit)
            nn.init.zeros_(bias)
            nn.init.zeros_(forget_bias)
            with torch.no_grad():
                forget_bias[size : 2 * size] = 1  # gates are in the order i, f, g, o
        nn.init.xavier_uniform_(self.dense.weight)
        bias_limit = math.sqrt(6 / (2 * self.dense.out_features))
        nn.init.uniform_(self.dense.bias, -bias_limit, bias_limit)

    def forward(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Computes the logits of the character after each of the tokens.

        Args:
            tokens: int64 `[N, T]`.
            state: State that an earlier call returned; None stands for zeros. Gradients flow
                through it: detach it to stop them between two calls.

        Returns:
            Logits `[N, T, V]` and the state after the last token.

        Raises:
            ValueError: If tokens are not `[N, T]`.
        """
        check_shape(tokens, "tokens", "N", "T")
        state_1, state_2 = _split(state)
        hidden, state_1 = self.lstm_1(self.dropout(self.embedding(tokens)), state_1)
        hidden, state_2 = self.lstm_2(self.dropout_between(hidden), state_2)
        return self.dense(self.dropout(hidden)), (state_1, state_2)


@torch.fx.wrap
def _split(state: State | None) -> State | tuple[None, None]:
    """Returns the states of both layers, None each if there is no state."""
    return (None, None) if state is None else state
