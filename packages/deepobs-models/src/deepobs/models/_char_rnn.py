"""A recurrent network that predicts the next character."""

import math

import torch
from torch import Tensor, nn

State = tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]
"""(h, c) of the first and of the second layer, each `[1, N, hidden_size]`."""


class CharRNN(nn.Module):
    """Embedding, two LSTM layers with dropout around each, and a dense layer over the vocabulary.

    As in TensorFlow a layer has one bias vector to train, and the forget gate adds 1 to its
    pre-activation: the second bias that `nn.LSTM` has is frozen and holds that 1. Weights start
    Glorot uniform, LSTM biases at 0; the dense layer's bias is drawn too, as DeepOBS does.
    (Schneider, Balles and Hennig, ICLR 2019, arXiv 1903.05499.)

    Args:
        vocabulary_size: Number of characters V.
        hidden_size: Units of a layer, and size of the embedding.
        dropout: Probability of dropping an input and an output of a layer, drawn anew at each step.

    Raises:
        ValueError: Dropout is no probability.
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
        # Output of the first layer, then input of the second: two masks in a row are one mask
        # that keeps with the product of their probabilities.
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
        """Computes the logits of each next character.

        Args:
            tokens: int64 `[N, T]`.
            state: What an earlier call returned, to go on from there; None is all zeros. It is
                part of the graph: detach it to stop gradients at the border between two calls.

        Returns:
            Logits `[N, T, V]` and the state after the last character.

        Raises:
            ValueError: If tokens are not `[N, T]`.
        """
        if tokens.ndim != 2:
            raise ValueError(f"Tokens of shape {list(tokens.shape)} do not fit: [N, T] is needed.")
        state_1, state_2 = state if state is not None else (None, None)
        hidden, state_1 = self.lstm_1(self.dropout(self.embedding(tokens)), state_1)
        hidden, state_2 = self.lstm_2(self.dropout_between(hidden), state_2)
        return self.dense(self.dropout(hidden)), (state_1, state_2)
