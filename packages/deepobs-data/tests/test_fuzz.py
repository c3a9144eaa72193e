import contextlib
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from deepobs.data import DATASETS, CorruptDatasetError, load_dataset
from deepobs.data._images import UnreadableImageError, read_image
from deepobs.data.testing import write_stand_in

# One file of each format; the text is the slowest to read and has no structure to damage.
FILES = [
    ("mnist", "MNIST/raw/t10k-images-idx3-ubyte"),
    ("mnist", "MNIST/raw/t10k-labels-idx1-ubyte"),
    ("cifar10", "cifar-10-batches-py/test_batch"),
    ("cifar100", "cifar-100-python/test"),
    ("svhn", "SVHN/test_32x32.mat"),
    ("movielens_100k", "movielens/ml-100k.zip"),
    ("california_housing", "california_housing/cal_housing.tgz"),
    *(("cora_planetoid", file) for file in DATASETS["cora_planetoid"].files),
]


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Returns the folder with small files of a data set, written once."""
    written: dict[str, Path] = {}

    def get(name: str) -> Path:
        if name not in written:
            folder = tmp_path_factory.mktemp(name)
            written[name] = write_stand_in(name, folder, num_train=20, num_test=10)
        return written[name]

    return get


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
@pytest.mark.parametrize(("name", "file"), FILES)
def test_damaged_files_are_read_or_refused_in_a_sentence(
    tmp_path: Path, stand_ins: Callable[[str], Path], name: str, file: str, data: st.DataObject
) -> None:
    """Cut off, or with bytes changed anywhere: in little memory, and never another error."""
    root = tmp_path / "root"
    if not root.exists():
        shutil.copytree(stand_ins(name), root)
    content = bytearray((stand_ins(name) / file).read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    most = min(len(content), 600) if data.draw(st.booleans()) else len(content)  # often the header
    for _ in range(data.draw(st.integers(1, 4)) if most else 0):
        content[data.draw(st.integers(0, most - 1))] = data.draw(st.integers(0, 255))
    (root / file).write_bytes(content)
    message = ""
    tracemalloc.start()
    try:
        load_dataset(name, root=root)
    except CorruptDatasetError as error:
        message = str(error)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert message.isprintable()
    assert not message or (message.endswith(".") and str(root) in message)
    # A few times what the undamaged files take, and far less than a header may claim.
    assert peak < 2**28


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_damaged_images_are_read_or_left_out(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    """Whatever Pillow raises."""
    path = tmp_path / "image.JPEG"
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(noise).save(path, kind, exif=exif)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, min(len(content), 700) - 1))] = data.draw(
            st.integers(0, 255)
        )
    path.write_bytes(content)
    with contextlib.suppress(UnreadableImageError):
        assert read_image(path).ndim == 3
