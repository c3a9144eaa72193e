"""torch.fx, torch.compile and torch.export take every architecture."""

import pytest
import torch

from ._architectures import SMALL

# The other architectures are compiled in the quick tests; this one takes half a minute.
COMPILED = [
    pytest.param(name, marks=pytest.mark.slow) if name == "InceptionV3" else name for name in SMALL
]

# torch's own LSTM cannot be part of a compiled graph: it splits the graph, and the check of what
# comes after it makes torch warn itself. Its export warns of attributes of its own.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf"),
    pytest.mark.filterwarnings("ignore:The tensor attributes self.lstm_1"),
]


@pytest.mark.parametrize("name", SMALL)
def test_symbolic_trace_computes_the_same(name: str) -> None:
    """The traced graph gives the outputs of the module, and still checks shapes."""
    entry = SMALL[name]
    model = entry.model().eval()
    traced = torch.fx.symbolic_trace(model)
    torch.testing.assert_close(entry.outputs(traced), entry.outputs(model), rtol=0, atol=0)
    with pytest.raises(ValueError, match=r", got \[3, 4, 7\]\.$"):
        traced(torch.zeros(3, 4, 7), *entry.inputs()[1:])


@pytest.mark.parametrize("name", COMPILED)
def test_compiled_module_computes_the_same(name: str) -> None:
    """torch.compile captures one graph, which gives the outputs of the module."""
    entry = SMALL[name]
    model = entry.model().eval()
    compiled = torch.compile(model, backend="aot_eager", fullgraph=name != "CharRNN")
    torch.testing.assert_close(entry.outputs(compiled), entry.outputs(model))


# torch's LSTM keeps a list of its weights, of which torch.export warns, depending on what was
# compiled before in the process.
@pytest.mark.filterwarnings("ignore:The tensor attribute.*_flat_weights:UserWarning")
@pytest.mark.parametrize("name", COMPILED)
def test_exported_module_computes_the_same(name: str) -> None:
    """torch.export captures a graph, which gives the outputs of the module."""
    entry = SMALL[name]
    model = entry.model().eval()
    exported = torch.export.export(model, entry.inputs()).module()
    torch.testing.assert_close(entry.outputs(exported), entry.outputs(model))
