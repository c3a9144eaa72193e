"""Checks of arguments and inputs."""

import re

import pytest
import torch

from deepobs.models._checks import check_least, check_shape


@pytest.mark.parametrize("shape", [(2, 3, 28, 28), (2, 1, 28, 27), (2, 28, 28), (1, 28, 28, 1)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    """The message states both shapes."""
    message = re.escape(f"Expected images of shape [N, 1, 28, 28], got {list(shape)}.")
    with pytest.raises(ValueError, match=f"^{message}$"):
        check_shape(torch.empty(shape), "images", "N", 1, 28, 28)


def test_a_letter_stands_for_any_length() -> None:
    """A dimension given as a number must have that length; one given as a letter may have any."""
    check_shape(torch.empty(2, 3, 5, 7), "images", "N", 3, "H", "W")
    with pytest.raises(ValueError, match=r"shape \[N, 3, H, W\]"):
        check_shape(torch.empty(2, 1, 5, 7), "images", "N", 3, "H", "W")


def test_sizes_have_a_least_value() -> None:
    """The least value itself is accepted."""
    check_least("an image_size", 9, 9)
    with pytest.raises(ValueError, match=r"^Expected an image_size of at least 9, got 8\.$"):
        check_least("an image_size", 8, 9)
