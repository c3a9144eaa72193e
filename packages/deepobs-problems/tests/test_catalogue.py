"""The catalogue holds what DeepOBS has, and suggests what was meant."""

import dataclasses
from importlib.metadata import EntryPoint

import pytest

from deepobs.problems import (
    LARGE_SET,
    PROBLEMS,
    SMALL_SET,
    BrokenPluginWarning,
    UnknownProblemError,
    get_problem,
)
from deepobs.problems import _registry as registry

# The 26 names of DeepOBS 1.1.2 with batch size, epochs and L2 factor.
ORIGINALS = {
    "mnist_logreg": (128, 50, None),
    "fmnist_logreg": (128, 50, None),
    "mnist_mlp": (128, 100, None),
    "fmnist_mlp": (128, 100, None),
    "mnist_2c2d": (128, 100, None),
    "fmnist_2c2d": (128, 100, None),
    "mnist_vae": (64, 50, None),
    "fmnist_vae": (64, 100, None),
    "cifar10_3c3d": (128, 100, 0.002),
    "cifar100_3c3d": (128, 100, 0.002),
    "cifar10_vgg16": (128, 250, 5e-4),
    "cifar10_vgg19": (128, 250, 5e-4),
    "cifar100_vgg16": (128, 250, 5e-4),
    "cifar100_vgg19": (128, 250, 5e-4),
    "cifar100_allcnnc": (256, 350, 5e-4),
    "cifar100_wrn404": (128, 200, 5e-4),
    "svhn_3c3d": (128, 100, 0.002),
    "svhn_wrn164": (128, 160, 5e-4),
    "imagenet_vgg16": (128, 100, 5e-4),
    "imagenet_vgg19": (128, 100, 5e-4),
    "imagenet_inception_v3": (128, 100, 5e-4),
    "tolstoi_char_rnn": (50, 200, None),
    "quadratic_deep": (128, 100, None),
    "two_d_rosenbrock": (128, 100, None),
    "two_d_beale": (128, 100, None),
    "two_d_branin": (128, 100, None),
}


def test_holds_the_26_problems() -> None:
    """Names, batch sizes, epochs and factors are those of the protocol."""
    ours = {
        name: (p.batch_size, p.epochs, p.weight_decay)
        for name, p in PROBLEMS.ours.items()
        if not p.extra
    }
    assert ours == ORIGINALS


def test_sets_are_the_papers() -> None:
    """Four problems each, all in the catalogue."""
    assert SMALL_SET == ("quadratic_deep", "mnist_vae", "fmnist_2c2d", "cifar10_3c3d")
    assert LARGE_SET == ("fmnist_vae", "cifar100_allcnnc", "svhn_wrn164", "tolstoi_char_rnn")
    assert {*SMALL_SET, *LARGE_SET} <= {*PROBLEMS}


def test_unknown_name_suggests_the_nearest() -> None:
    """One sentence with what was asked for and what was meant."""
    with pytest.raises(UnknownProblemError, match=r"named 'fmnist_2cd'; did you mean fmnist_2c2d"):
        get_problem("fmnist_2cd")
    assert PROBLEMS.get("nonsense") is None


def test_problems_are_frozen() -> None:
    """A problem cannot be changed, only replaced."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        get_problem("mnist_mlp").batch_size = 1  # type: ignore[misc]


def added(monkeypatch: pytest.MonkeyPatch, *places: str) -> registry.Catalogue:
    """A catalogue of one problem plus what entry points of these places add."""
    entries = [EntryPoint("x", place, "deepobs.problems") for place in places]
    monkeypatch.setattr(registry, "entry_points", lambda group: entries)
    return registry.Catalogue((get_problem("mnist_mlp"),))


def test_entry_points_add_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugged-in problem is found by its own name and listed after ours."""
    place = "deepobs.problems._catalogue:PROBLEMS"
    monkeypatch.setattr(
        "deepobs.problems._catalogue.PLUGGED", get_problem("digits_mlp"), raising=False
    )
    catalogue = added(monkeypatch, place.replace("PROBLEMS", "PLUGGED"))
    assert list(catalogue) == ["mnist_mlp", "digits_mlp"]
    assert catalogue["digits_mlp"] is get_problem("digits_mlp")
    assert list(catalogue.ours) == ["mnist_mlp"]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("deepobs.problems:SMALL_SET", "x = deepobs.problems:SMALL_SET: TypeError: it is a tuple"),
        ("deepobs.nonsense:PROBLEM", "ModuleNotFoundError"),
        ("deepobs.problems._catalogue:PLUGGED", "there is a problem named mnist_mlp"),
    ],
)
def test_a_broken_entry_point_is_left_out(
    monkeypatch: pytest.MonkeyPatch, place: str, words: str
) -> None:
    """A warning names it and what is wrong; all other problems are there."""
    monkeypatch.setattr(
        "deepobs.problems._catalogue.PLUGGED", get_problem("mnist_mlp"), raising=False
    )
    catalogue = added(monkeypatch, place)
    assert catalogue["mnist_mlp"] is get_problem("mnist_mlp")
    with pytest.warns(BrokenPluginWarning, match=words):
        assert list(catalogue) == ["mnist_mlp"]
    with pytest.raises(UnknownProblemError, match="'other'"):
        catalogue["other"]
