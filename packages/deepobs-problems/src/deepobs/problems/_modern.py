"""Workloads of recent optimizer papers, most of which need a GPU."""

from __future__ import annotations

from functools import partial

from torch import nn

from deepobs import models
from deepobs.data import DATASETS

from ._diffusion import DIFFUSION
from ._molecules import MOLECULES
from ._networks import airbench94
from ._problem import Problem
from ._recent import language_model
from ._shared import classifier
from ._tables import TABLES

_NOT_REPRODUCED = "The convergence target is what the source reports; it is not reproduced here."

_cifar10 = partial(
    classifier,
    dataset=partial(DATASETS["cifar10"], augmentation="crop_flip"),
    batch_size=128,
    epochs=200,
    extra=True,
)

MODERN: tuple[Problem, ...] = (
    _cifar10(
        name="cifar10_resnet18",
        description="ResNet-18 with a 3x3 first layer on CIFAR-10, with crops and flips",
        model=models.ResNet18,
        convergence_target=0.93,
        reference="He et al., CVPR 2016; Liu, https://github.com/kuangliu/pytorch-cifar",
        notes="The source trains with momentum 0.9, weight decay 5e-4 in the optimizer and a cosine"
        f" from 0.1. {_NOT_REPRODUCED}",
    ),
    _cifar10(
        name="cifar10_vit",
        description="Vision transformer of seven layers, 384 wide, patches of 4x4, on CIFAR-10",
        model=partial(
            models.ViT,
            image_size=32,
            patch_size=4,
            in_channels=3,
            width=384,
            depth=7,
            heads=12,
            mlp_width=384,
        ),
        convergence_target=0.909,
        reference="Dosovitskiy et al., ICLR 2021; https://github.com/omihub777/ViT-CIFAR",
        notes="The source trains with Adam at 1e-3, a cosine after five epochs of warm-up, label"
        f" smoothing and AutoAugment, which we leave out. {_NOT_REPRODUCED}",
    ),
    _cifar10(
        name="cifar10_airbench",
        description="Network of airbench94 on CIFAR-10, with alternating flips, for eight epochs",
        dataset=partial(DATASETS["cifar10"], augmentation="alternating_flip"),
        model=airbench94,
        loss=partial(nn.CrossEntropyLoss, label_smoothing=0.2),
        batch_size=2000,
        epochs=8,
        convergence_target=0.94,
        reference="Jordan, 94% on CIFAR-10 in 3.29 Seconds, 2024, arXiv 2404.00498",
        notes="Network, loss, augmentation and the six views of an evaluation are the paper's;"
        " batch size and epochs are those of airbench94_muon in its repository. Lookahead, the"
        " larger rate of biases and the end of training of the first bias after three epochs are"
        f" the optimizer's, and left to it. {_NOT_REPRODUCED}",
    ),
    language_model(
        name="shakespeare_gpt_large",
        description="GPT of 10.7 million parameters that predicts characters of Tiny Shakespeare",
        dataset=partial(DATASETS["tiny_shakespeare"], sequence_length=256),
        model=partial(models.GPT, context=256, width=384, depth=6, heads=6, dropout=0.2),
        stochastic=True,
        batch_size=64,
        steps_per_epoch=250,
        epochs=20,
        evaluation_batches=200,
        convergence_target=4.348,  # exp(1.4697)
        notes="nanoGPT's setting for GPUs, with its optimizer as for shakespeare_gpt but betas 0.9"
        f" and 0.99. {_NOT_REPRODUCED}",
    ),
    language_model(
        name="fineweb_gpt",
        description="GPT of 162 million parameters that predicts tokens of FineWeb",
        dataset=DATASETS["fineweb"],
        model=models.ModdedGPT,
        batch_size=512,
        steps_per_epoch=125,
        epochs=26,
        evaluation_batch_size=32,
        convergence_target=26.576,  # exp(3.28)
        reference="Jordan and others, https://github.com/KellerJordan/modded-nanogpt, track 3",
        notes="3,250 steps of 524,288 tokens, evaluated every 125 on 10,485,760 tokens, as in the"
        " baseline of the benchmark: Muon (0.025, decay 0.05) for matrices and AdamW for the rest,"
        " linear to 0 after 30 % of the steps. The batch needs gradient_accumulation_steps: 16"
        f" parts of 32 rows. {_NOT_REPRODUCED}",
    ),
    *MOLECULES,
    *DIFFUSION,
    *TABLES,
)
