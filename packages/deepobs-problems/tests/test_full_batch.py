"""Problems whose training set is one batch."""

import pytest

from deepobs.problems import PROBLEMS, build

# rotated_quadratic is a function, without data to hold out.
_FULL_BATCH = {p.name for p in PROBLEMS.values() if p.full_batch} - {"rotated_quadratic"}


@pytest.mark.parametrize("name", sorted(_FULL_BATCH))
def test_a_full_batch_is_what_the_validation_split_leaves(name: str) -> None:
    """So that learning rates can be chosen on validation data for full-batch problems, too."""
    built = build(name, validation=0.2)
    assert built.batch_size == built.dataset.num_examples("train")
    assert next(iter(built.batches("train"))).num_examples == built.batch_size
