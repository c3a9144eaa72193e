"""Reads golden files: numbers recorded from the original TensorFlow implementation.

`Case` is one file with the problem of that name, built on the file's inputs and holding the file's
weights. golden/README.md says what a file holds.
"""

import json
import math
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from deepobs.data import Batch, Dataset
from deepobs.problems import build

FOLDER = Path(os.environ.get("DEEPOBS_GOLDEN_DIR") or Path(__file__).parent / "golden")

# Dense layers behind a flattening, by the channels of what they flatten: TensorFlow flattens in the
# order H, W, C and we in the order C, H, W, so that their rows are to be permuted.
CHANNELS = {
    "2c2d": {"dense/kernel:0": 64},
    "3c3d": {"dense/kernel:0": 128},
    "vgg16": {"dense/kernel:0": 512},
    "vgg19": {"dense/kernel:0": 512},
    "vae": {"encoder/dense/kernel:0": 64, "encoder/dense_1/kernel:0": 64,
            "decoder/dense_2/kernel:0": 64},
}  # fmt: skip
# TensorFlow's LSTM has its gates in the order i, candidate, f, o; PyTorch's i, f, candidate, o.
GATES = [0, 2, 1, 3]


class TensorFlowAdam(torch.optim.Adam):
    """Adam as TensorFlow writes it: epsilon is added to sqrt(v) before the bias is corrected.

    PyTorch adds it to sqrt(v / (1 - 0.999^t)). The two differ where a gradient is as small as 1e-5.
    """

    def step(self, closure=None):
        """Takes a step with the epsilon that makes PyTorch's formula TensorFlow's."""
        self.steps = getattr(self, "steps", 0) + 1
        for group in self.param_groups:
            group["eps"] = 1e-8 / math.sqrt(1 - 0.999**self.steps)
        return super().step(closure)


# The optimizers that the trajectories were recorded with.
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "gradient_descent": torch.optim.SGD,
    "momentum": partial(torch.optim.SGD, momentum=0.9),
    "adam": TensorFlowAdam,
}


def load(name):
    """The content of one file of the folder."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def problem_names():
    """The problems that the folder has files of."""
    files = sorted(FOLDER.glob("*.json"))
    names = [file.stem for file in files if file.stem != "data" and "runner" not in file.stem]
    if not names:
        raise FileNotFoundError(f"There are no golden files in {FOLDER}.")
    return names


def draw(entry):
    """The array [shape] that a recipe gives; integers as they are, all else in float32."""
    recipe, shape = entry["recipe"], entry["shape"]
    random = np.random.RandomState(recipe["seed"])
    match recipe["kind"]:
        case "normal":
            array = random.normal(recipe["loc"], recipe["scale"], shape)
        case "uniform":
            array = random.uniform(recipe["low"], recipe["high"], shape)
        case "randint":
            return torch.from_numpy(random.randint(recipe["low"], recipe["high"], shape))
        case "blocks":
            # The README does not say what this is; found by trial, and it gives the file's numbers.
            count, size, _, channels = shape
            side = size // 7
            coarse = random.normal(0, 1, (count, 7, 7, channels)).repeat(side, 1).repeat(side, 2)
            array = coarse + np.random.RandomState(recipe["seed"] + 5).normal(0, 0.3, shape)
        case kind:
            raise NotImplementedError(f"No rule for the recipe {kind!r}.")
    return torch.from_numpy(np.asarray(array, dtype=np.float32))


class Variable:
    """One variable of TensorFlow and the tensors that hold it here."""

    def __init__(self, entry, tensors, channels=None):
        self.name = entry["name"]
        self.entry = entry
        self.tensors = tensors
        self.channels = channels
        self._values = None

    def to_torch(self, array):
        """TensorFlow's array as the tensors that hold it."""
        if "lstm_cell" in self.name:
            array = array.unflatten(-1, (4, -1))[..., GATES, :].flatten(-2)
            return [half.T for half in array.chunk(2)] if array.ndim == 2 else [array]
        if array.ndim == 4:
            return [array.permute(3, 2, 0, 1)]
        if self.name == "embedding:0" or array.ndim != 2:
            return [array]
        if self.channels:
            array = array.unflatten(0, (-1, self.channels)).transpose(0, 1).flatten(0, 1)
        return [array.T.reshape(self.tensors[0].shape)]

    def to_tensorflow(self, tensors):
        """The array of TensorFlow's layout that such tensors hold."""
        if "lstm_cell" in self.name:
            array = torch.cat([t.T for t in tensors]) if tensors[0].ndim == 2 else tensors[0]
            return array.unflatten(-1, (4, -1))[..., GATES, :].flatten(-2)
        (tensor,) = tensors
        if tensor.ndim == 4:
            return tensor.permute(2, 3, 1, 0)
        if self.name == "embedding:0" or tensor.ndim != 2:
            return tensor
        if self.channels:
            tensor = tensor.unflatten(1, (self.channels, -1)).transpose(1, 2).flatten(1)
        return tensor.T

    @torch.no_grad()
    def assign(self):
        """Gives the tensors the values of the recipe."""
        if self._values is None:  # drawing 138 million values takes seconds
            self._values = self.to_torch(draw(self.entry))
        for tensor, values in zip(self.tensors, self._values, strict=True):
            assert tensor.shape == values.shape, self.name
            tensor.copy_(values)

    def l2(self):
        """Norm of the current values."""
        # Summed in float64: of VGG's 100 million squares a float32 sum loses one in a hundred.
        norm = torch.linalg.vector_norm
        return math.hypot(*(norm(t.detach(), dtype=torch.float64).item() for t in self.tensors))


class GoldenData(Dataset):
    """The batches of a golden file, the same in every phase."""

    name = "golden"
    phases = ("train", "train_eval", "test")
    device = torch.device("cpu")

    def __init__(self, inputs):
        self.num_classes = inputs.get("labels", {}).get("one_hot_classes")
        self.all_batches = list(_read_batches(inputs))

    def num_examples(self, phase):
        return sum(len(batch.inputs) for batch in self.all_batches)

    def num_batches(self, phase, batch_size):
        return len(self.all_batches)

    def batches(self, phase, **_):
        yield from self.all_batches

    def to(self, device):
        return self

    def with_validation(self, fraction=None, *, seed=42):
        raise NotImplementedError

    def arrays(self, phase):
        raise NotImplementedError

    def examples(self, phase):
        raise NotImplementedError


def _read_batches(inputs):
    if "tokens" in inputs:
        tokens = draw(inputs["tokens"])
        for k in range(3):
            yield Batch(tokens[:, 50 * k : 50 * k + 50], tokens[:, 50 * k + 1 : 50 * k + 51])
    elif "y" in inputs:
        yield Batch(torch.stack((draw(inputs["x"]), draw(inputs["y"])), 1), None)
    elif "labels" in inputs:
        yield Batch(draw(inputs["x"]).permute(0, 3, 1, 2).contiguous(), draw(inputs["labels"]))
    else:
        yield Batch(draw(inputs["x"]), None)


class Case:
    """A golden file, its problem built on its inputs, and its variables."""

    def __init__(self, name):
        self.name = name
        self.golden = load(name)
        self.built = build(name, dataset=GoldenData(self.golden["inputs"]))
        self.model = self.built.model
        self.variables = list(self._variables(trainable=True))
        self.statistics = list(self._variables(trainable=False))
        # What the model is called with besides the batch.
        self.keywords = {}
        if "epsilon" in self.golden["inputs"]:
            self.keywords["epsilon"] = draw(self.golden["inputs"]["epsilon"])
        self.model.register_forward_pre_hook(self._with_keywords, with_kwargs=True)
        # Called instead of the model by `observe_outputs`.
        self.forward = None
        self.reset()

    def _with_keywords(self, model, arguments, keywords):
        return arguments, keywords | self.keywords

    @property
    def batch(self):
        """The file's batch; the first one of the char RNN's three, with a new state."""
        return next(self.built.batches("test"))

    @property
    def target(self):
        """What the loss compares the output on `batch` with, in the dtype of the weights."""
        target = self.built.problem.target(self.batch)
        dtype = next(self.model.parameters()).dtype
        return target.to(dtype) if target.is_floating_point() else target

    def to(self, dtype):
        """Gives the model another dtype; its buffers are other tensors then."""
        self.model.to(dtype)
        self.statistics = list(self._variables(trainable=False))

    def reset(self):
        """Gives the model the file's weights and statistics, in evaluation mode."""
        self.model.eval()
        for variable in (*self.variables, *self.statistics):
            variable.assign()

    def gradients(self, objective):
        """For each variable in TensorFlow's layout; zero where it has no part in the objective."""
        flat = [tensor for variable in self.variables for tensor in variable.tensors]
        gradients = iter(torch.autograd.grad(objective, flat, materialize_grads=True))
        return [
            variable.to_tensorflow([next(gradients) for _ in variable.tensors])
            for variable in self.variables
        ]

    def _variables(self, *, trainable):
        if trainable:
            tensors: list[torch.Tensor] = [p for p in self.model.parameters() if p.requires_grad]
        else:
            tensors = [b for n, b in self.model.named_buffers() if "running" in n]
        remaining = iter(tensors)
        channels = next((c for kind, c in CHANNELS.items() if self.name.endswith(kind)), {})
        for entry in self.golden["variables"]:
            wanted = entry["dtype"] == "float32" and "Variable" not in entry["name"]
            if wanted and entry["trainable"] == trainable:
                count = 2 if "lstm_cell/kernel" in entry["name"] else 1
                held_by = [next(remaining) for _ in range(count)]
                yield Variable(entry, held_by, channels.get(entry["name"]))
        assert not list(remaining), f"{self.name} has more tensors than the original"
