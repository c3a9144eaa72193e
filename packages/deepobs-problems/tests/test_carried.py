"""States that are carried from batch to batch."""

import torch

from deepobs.problems import build


def test_char_rnn_carries_its_state_between_batches(stand_ins: str) -> None:
    """The second batch starts from the first one's state; a new pass starts from zero."""
    built = build("tolstoi_char_rnn", batch_size=2, data_root=stand_ins).to(torch.float32)
    built.model.eval()
    one, two = (batch for batch, _ in zip(built.batches("test"), range(2), strict=False))
    fresh = built.losses(one)
    carried = built.losses(two)
    assert torch.equal(built.losses(two), carried), (
        "A second call on a batch starts where the first did."
    )
    built.batches("test")
    assert torch.equal(built.losses(one), fresh)
    built.batches("test")
    assert not torch.equal(built.losses(two), carried)


def test_char_rnn_state_survives_evaluation_and_saving(stand_ins: str) -> None:
    """Evaluation does not reset the training state, and state_dict holds it."""
    a, b = (build("tolstoi_char_rnn", batch_size=2, data_root=stand_ins) for _ in range(2))
    batches = list(a.batches("train"))
    a.losses(batches[0])
    a.evaluate("test")
    b.load_state_dict(a.state_dict())
    assert torch.equal(a.losses(batches[1]), b.losses(batches[1]))
