"""Depths of parameters."""

import pytest

from deepobs import models
from deepobs.models import parameter_depths

from ._checks import Transformer


@pytest.mark.parametrize("depth", [16, 19])
def test_depth_counts_layers_with_weights(depth: int) -> None:
    """VGG-16 has depths 0 to 15; a weight and its bias share one."""
    depths = parameter_depths(models.VGG(depth, num_classes=2, image_size=32))
    assert list(depths.values()) == [i for i in range(depth) for _ in ("weight", "bias")]


def test_depth_of_norms_and_tied_weights() -> None:
    """A norm has the depth of the layer before it, a tied weight that of its first owner."""
    model = Transformer(tied=True)
    depths = parameter_depths(model)
    assert list(depths) == [name for name, _ in model.named_parameters()]
    assert depths["pos_embedding"] == depths["cls_token"] == 0
    assert depths["tokens.weight"] == 1
    last = "encoder.layers.1."
    expected = {"self_attn.in_proj_weight": 6, "self_attn.out_proj.bias": 7, "linear1.weight": 8}
    expected |= {"linear2.weight": 9, "norm1.weight": 9, "norm2.bias": 9}
    assert {name: depths[last + name] for name in expected} == expected


def test_depth_without_layers() -> None:
    """Free parameters alone are all at depth 0."""
    assert parameter_depths(models.Rosenbrock()) == {"u": 0, "v": 0}
