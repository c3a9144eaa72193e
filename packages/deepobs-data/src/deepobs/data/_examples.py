"""Single examples of a data set, for `torch.utils.data.DataLoader`."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.utils.data
from torch import Tensor

from ._dataset import Batch
from ._trees import Tree, unbind


class Examples(torch.utils.data.Dataset["Batch | Tree"]):
    """A map-style data set over the examples of one phase.

    An example is a pair `(input, target)` (a `Batch` without the first axis), or the input alone
    if the data has no targets. `DataLoader` fetches all examples of a batch in one call.

    Args:
        count: The number of examples.
        fetch: Maps the numbers of some examples, int64 `[n]`, to a batch of them.

    Example:
        >>> from deepobs.data import load_dataset
        >>> examples = load_dataset("digits").examples("test")
        >>> inputs, targets = next(iter(torch.utils.data.DataLoader(examples, batch_size=32)))
        >>> inputs.shape
        torch.Size([32, 1, 8, 8])
    """

    def __init__(self, count: int, fetch: Callable[[Tensor], Batch]) -> None:
        self._count = count
        self.fetch = fetch

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Batch | Tree:
        (example,) = self.__getitems__([index])
        return example

    def __getitems__(self, indices: list[int]) -> list[Batch | Tree]:
        """Returns several examples.

        Raises:
            IndexError: If there is no example of that number.
        """
        numbers = torch.tensor(indices, dtype=torch.int64)
        wrong = (numbers < -self._count) | (numbers >= self._count)
        if wrong.any():
            number = int(numbers[wrong][0])
            raise IndexError(f"There is no example {number}: the phase has {self._count}.")
        batch = self.fetch(numbers.remainder(self._count))
        if batch.targets is None:
            return list(unbind(batch.inputs))
        return [
            Batch(*pair) for pair in zip(unbind(batch.inputs), unbind(batch.targets), strict=True)
        ]
