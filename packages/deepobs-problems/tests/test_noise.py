"""A stream of random numbers of a problem's own."""

import torch

from deepobs.problems._noise import NoiseStream

CPU = torch.device("cpu")


def draw(stream: NoiseStream) -> list[float]:
    with stream:
        return torch.rand(3).tolist()


def test_streams_of_one_seed_agree_and_go_on() -> None:
    """The numbers depend on the seed and on what was drawn from the stream, on nothing else."""
    a, b = NoiseStream(1, CPU), NoiseStream(1, CPU)
    first = draw(a)
    torch.manual_seed(99)
    assert draw(b) == first
    assert draw(a) != first
    assert draw(NoiseStream(2, CPU)) != first


def test_global_generator_is_left_alone() -> None:
    """Whoever draws from torch's global generator sees nothing of the stream."""
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    draw(NoiseStream(1, CPU))
    assert torch.equal(torch.rand(2), expected)


def test_global_generator_is_restored_after_an_error() -> None:
    """An exception inside the block does not leave the stream in the global generator's place."""
    outer = torch.get_rng_state()
    try:
        with NoiseStream(1, CPU):
            torch.rand(1)
            raise RuntimeError
    except RuntimeError:
        pass
    assert torch.equal(torch.get_rng_state(), outer)
