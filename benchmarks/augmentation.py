"""Compares our batched augmentation with torchvision's transforms of single images.

    python benchmarks/augmentation.py [--images 1024] [--batch-size 128] [--repeats 5]

Both run alternately on one thread over the same generated 32×32 images; each figure is the median
of the repeats. The transforms are the usual ones for CIFAR: padded crop, flip, jitter of
brightness, saturation and contrast, conversion to a tensor, normalization. Ours ends with
standardization per image, which costs more than torchvision's normalization by constants.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from figures import state
from PIL import Image
from torchvision import transforms

from deepobs.data import ArrayDataset, Arrays, Augment, Compose, Standardize

REQUIRED_RATIO = 8.0


def batched(images: torch.Tensor, batch_size: int) -> Callable[[], None]:
    """Returns a function that iterates over one epoch of our data set."""
    arrays = Arrays(images, torch.zeros(len(images), dtype=torch.uint8))
    data = ArrayDataset(
        "generated",
        train=arrays,
        test=arrays,
        num_classes=10,
        transform=Standardize(),
        train_transform=Compose(Augment(flip=True), Standardize()),
    )

    def epoch() -> None:
        for _ in data.batches("train", batch_size=batch_size):
            pass

    return epoch


def per_sample(images: torch.Tensor, batch_size: int) -> Callable[[], None]:
    """Returns a function that transforms each image alone, as a torchvision data set does."""
    chain = transforms.Compose(
        [
            transforms.RandomCrop(32, padding=2),
            transforms.RandomHorizontalFlip(),
            transforms.ColorJitter(brightness=63 / 255, saturation=0.5, contrast=0.8),
            transforms.ToTensor(),
            transforms.Normalize((0.49, 0.48, 0.45), (0.25, 0.24, 0.26)),
        ]
    )
    arrays = images.permute(0, 2, 3, 1).contiguous().numpy()

    def epoch() -> None:
        for first in range(0, len(arrays), batch_size):
            torch.stack([chain(Image.fromarray(a)) for a in arrays[first : first + batch_size]])

    return epoch


def main() -> None:
    """Prints the images per second of both, and their ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--images", type=int, default=1024)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    shape = (options.images, 3, 32, 32)
    images = torch.randint(
        0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    contenders = {
        "batched (deepobs.data)": batched(images, options.batch_size),
        "per sample (torchvision)": per_sample(images, options.batch_size),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(options.repeats + 1):  # the first round warms up
        for name, epoch in contenders.items():
            begin = time.perf_counter()
            epoch()
            seconds[name].append(time.perf_counter() - begin)
    rates = []
    for name, measured in seconds.items():
        rates.append(options.images / statistics.median(measured[1:]))
        print(f"{name:<26} {rates[-1]:>10,.0f} images/s")
    state("augmentation: batched / per sample", rates[0] / rates[1], at_least=REQUIRED_RATIO)


if __name__ == "__main__":
    main()
