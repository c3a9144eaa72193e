"""fineweb_gpt, on shards of random tokens and with a small network in place of its own."""

from dataclasses import replace
from functools import partial

import pytest

from deepobs.data import DATASETS
from deepobs.models import ModdedGPT
from deepobs.problems import MODERN_SET, build, check_problem, get_problem

SMALL = replace(
    get_problem("fineweb_gpt"),
    name="fineweb_gpt_narrow",
    dataset=partial(DATASETS["fineweb"], sequence_length=4),
    model=partial(ModdedGPT, width=4, depth=1, heads=1),
)


def test_a_narrow_network_keeps_the_rules(stand_ins: str) -> None:
    """As the whole one does, for which it takes minutes."""
    assert "fineweb_gpt" in MODERN_SET
    assert [finding for finding in check_problem(SMALL, data_root=stand_ins) if finding[1]] == []


def test_an_epoch_is_one_between_two_evaluations_of_the_benchmark(stand_ins: str) -> None:
    """125 steps from where the last epoch ended, and over from the beginning of the text."""
    built = build(SMALL, data_root=stand_ins, batch_size=100)
    assert get_problem("fineweb_gpt").steps == 3250
    batches = [next(built.batches("train", epoch=epoch)) for epoch in (0, 1)]
    per_pass = built.dataset.num_batches("train", 100)
    again = next(built.dataset.batches("train", batch_size=100, start=125 % per_pass))
    assert (batches[1].inputs == again.inputs).all()
    assert (batches[0].inputs != again.inputs).any()


def test_evaluations_have_smaller_batches_and_the_same_part(stand_ins: str) -> None:
    """At most 32 rows, or the batch size if it is smaller; the loss is that of all rows."""
    sizes, losses = [], []
    for batch_size in (512, 10):
        built = build(SMALL, data_root=stand_ins, batch_size=batch_size)
        batches = list(built.batches("test"))
        assert len(batches) == built.num_batches("test")
        sizes.append([batch.num_examples for batch in batches])
        losses.append(built.evaluate("test").loss)
    rows = sum(sizes[0])
    assert sizes[0] == [32] * (rows // 32) + ([rows % 32] if rows % 32 else [])
    assert max(sizes[1]) == 10
    assert sum(sizes[1]) == rows
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_the_size_of_an_evaluation_is_checked() -> None:
    """One sentence, as for the other sizes."""
    with pytest.raises(ValueError, match="evaluation_batch_size of problem fineweb_gpt must be a"):
        replace(get_problem("fineweb_gpt"), evaluation_batch_size=0)
