import os
import re
import struct
import subprocess
import sys
import tracemalloc
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

from deepobs.data import (
    DATASETS,
    CorruptDatasetError,
    CorruptFilesWarning,
    DataRootError,
    DatasetNotFoundError,
    load_dataset,
    verify_dataset,
)
from deepobs.data._errors import printable
from deepobs.data.testing import write_stand_in

LOADED = [name for name, entry in DATASETS.items() if entry.files and name != "imagenet"]
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50 50\n%%EndComments\n(x) print\nshowpage\n"


def is_one_sentence(error: BaseException) -> bool:
    message = str(error)
    return message.isprintable() and message.endswith(".") and len(message) < 2000


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
@pytest.mark.parametrize("name", LOADED)
def test_what_is_not_a_regular_file_is_refused(tmp_path: Path, name: str, kind: str) -> None:
    """A named pipe, a folder or /dev/zero with the name of a file: nobody waits or reads."""
    path = write_stand_in(name, tmp_path) / DATASETS[name].files[-1]
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(CorruptDatasetError, match="is not a regular file") as caught:
        load_dataset(name, root=tmp_path)
    assert is_one_sentence(caught.value)
    found = {status.file: status.status for status in verify_dataset(name, root=tmp_path)}
    assert found[path] == "corrupt"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", LOADED)
def test_a_file_of_50_gb_is_refused_unread(tmp_path: Path, name: str) -> None:
    """A sparse one, that has the size without the content; verifying does not hash it."""
    path = write_stand_in(name, tmp_path) / DATASETS[name].files[0]
    os.truncate(path, 50 * 10**9)
    with pytest.raises(CorruptDatasetError, match="50,000,000,000 bytes") as caught:
        load_dataset(name, root=tmp_path)
    assert is_one_sentence(caught.value)
    found = {status.file: status.status for status in verify_dataset(name, root=tmp_path)}
    assert found[path] == "corrupt"


def huge_mat() -> bytes:
    """A MATLAB file that claims 2^31 images."""
    shape = struct.pack("<IIiiii", 5, 16, 32, 32, 3, 2**31 - 1)
    flags = struct.pack("<IIII", 6, 8, 9, 0)
    body = flags + shape + struct.pack("<II", 1 | 1 << 16, ord("X")) + struct.pack("<II", 2, 2**31)
    packed = zlib.compress(struct.pack("<II", 14, len(body)) + body)
    head = b"MATLAB 5.0".ljust(124) + struct.pack("<HH", 0x0100, 0x4D49)
    return head + struct.pack("<II", 15, len(packed)) + packed


def many_images() -> bytes:
    """A header of four billion images without any."""
    return struct.pack(">BBBBIII", 0, 0, 8, 3, 2**32 - 1, 28, 28)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("name", "file", "content"),
    [
        ("svhn", "SVHN/train_32x32.mat", huge_mat()),
        ("mnist", "MNIST/raw/train-images-idx3-ubyte", many_images()),
    ],
)
def test_a_header_that_claims_too_much_costs_nothing(
    tmp_path: Path, name: str, file: str, content: bytes
) -> None:
    """The claim is compared with the file before memory is taken."""
    write_stand_in(name, tmp_path)
    (tmp_path / file).write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(CorruptDatasetError) as caught:
            load_dataset(name, root=tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 2**26
    finally:
        tracemalloc.stop()
    assert is_one_sentence(caught.value)


def read_all(root: Path) -> set[str]:
    """Goes through ImageNet's training files; returns the names of those that were left out."""
    data = load_dataset("imagenet", root=root)
    data.num_workers = 0  # type: ignore[attr-defined]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        list(data.batches("train", batch_size=data.num_examples("train")))
    messages = [str(w.message) for w in caught if issubclass(w.category, CorruptFilesWarning)]
    return set(re.findall(r"[^/ ]+\.JPEG", " ".join(messages)))


@pytest.mark.timeout(120)
def test_only_jpeg_and_png_images_are_decoded(tmp_path: Path) -> None:
    """Others with the name of a JPEG are left out: EPS would start Ghostscript, DDS raise anything.

    One file of ImageNet is a PNG.
    """
    folder = write_stand_in("imagenet", tmp_path) / "imagenet/train/n01440764"
    picture = Image.fromarray(np.full((300, 300, 3), 7, np.uint8))
    for kind in ("DDS", "GIF", "TIFF", "BMP", "PPM", "ICO", "TGA", "WEBP", "PNG"):
        picture.save(folder / f"{kind}.JPEG", kind)
    (folder / "EPS.JPEG").write_bytes(EPS)
    (folder / "empty.JPEG").touch()
    (folder / "folder.JPEG").mkdir()
    (folder / "nothing.JPEG").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.JPEG")
    (folder / "zero.JPEG").symlink_to("/dev/zero")
    expected = {"DDS", "GIF", "TIFF", "BMP", "PPM", "ICO", "TGA", "WEBP", "EPS"}
    expected |= {"empty", "folder", "nothing", "pipe", "zero"}
    assert read_all(tmp_path) == {f"{name}.JPEG" for name in expected}
    found = {status.file.stem for status in verify_dataset("imagenet", root=tmp_path)}
    assert found == expected


def test_an_image_of_too_many_pixels_is_left_out(tmp_path: Path) -> None:
    """A PNG of 1.4 MB with 400 million pixels would take 1.2 GB."""
    folder = write_stand_in("imagenet", tmp_path) / "imagenet/train/n01440764"
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    pixels = zlib.compress(bytes(10**6))
    content = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    (folder / "bomb.JPEG").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    assert read_all(tmp_path) == {"bomb.JPEG"}


ESCAPE = "n\x1b[31m\u202ed\udcff"


def test_names_cannot_send_escapes_to_the_terminal(tmp_path: Path) -> None:
    """Control characters of a file's or folder's name are shown as escapes."""
    root = write_stand_in("imagenet", tmp_path)
    (root / "imagenet/train/n01440764" / f"{ESCAPE}.JPEG").touch()
    (status,) = verify_dataset("imagenet", root=root)
    assert str(status).isprintable()
    assert status.reason.isprintable()
    assert r"n\x1b[31m\u202ed\udcff.JPEG" in str(status)
    (root / "imagenet/val" / ESCAPE).mkdir()
    with pytest.raises(CorruptDatasetError) as caught:
        load_dataset("imagenet", root=root)
    assert is_one_sentence(caught.value)
    for name in ("mnist", "imagenet"):
        with pytest.raises(DatasetNotFoundError) as missing:
            load_dataset(name, root=tmp_path / ESCAPE)
        assert is_one_sentence(missing.value)


def test_printable_text_stays_as_it_is() -> None:
    """In any script; only what is not printable is escaped."""
    assert printable("Äpfel 数据.JPEG") == "Äpfel 数据.JPEG"
    assert printable("a\x00\n") == r"a\x00\n"


NO_HOME = """
import os, pwd
def none(*_):
    raise KeyError("uid not found")
pwd.getpwuid = none
for name in ("HOME", "XDG_CACHE_HOME", "DEEPOBS_DATA_DIR"):
    os.environ.pop(name, None)
from deepobs.data import DataRootError, load_dataset, prepare_dataset
load_dataset("digits"), load_dataset("cora")
for call in (load_dataset, prepare_dataset):
    try:
        call("mnist")
    except DataRootError as error:
        print(error)
"""


def test_without_a_home_folder_the_error_says_so(tmp_path: Path) -> None:
    """A container with a user id of no user; data sets that need no files work."""
    pytest.importorskip("pwd")
    done = subprocess.run(
        [sys.executable, "-c", NO_HOME], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == 2 * [
        "There is no home folder to keep data sets in: name a data folder, by argument or by"
        " $DEEPOBS_DATA_DIR."
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("root", ["a\0b", "x" * 5000, "loop/loop"])
def test_a_data_folder_that_cannot_exist_is_one_sentence(tmp_path: Path, root: str) -> None:
    """A null character, a name that is too long, links in a circle."""
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises((DataRootError, DatasetNotFoundError)) as caught:
        load_dataset("mnist", root=f"{tmp_path}/{root}")
    assert str(caught.value).isprintable()


def test_svhn_of_matlab_7_3_is_one_sentence(tmp_path: Path) -> None:
    """An HDF5 file, which SciPy does not read; and one that has another variable."""
    path = write_stand_in("svhn", tmp_path) / "SVHN/test_32x32.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + struct.pack("<HH", 0x0200, 0x4D49))
    with pytest.raises(CorruptDatasetError) as caught:
        load_dataset("svhn", root=tmp_path)
    assert is_one_sentence(caught.value)
    scipy.io.savemat(path, {"Z": np.zeros(3)})
    with pytest.raises(CorruptDatasetError) as caught:
        load_dataset("svhn", root=tmp_path)
    assert is_one_sentence(caught.value)
