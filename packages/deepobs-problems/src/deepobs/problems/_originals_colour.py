"""The original problems on color images: CIFAR, SVHN and ImageNet."""

from __future__ import annotations

from functools import partial

from deepobs import models
from deepobs.data import DATASETS

from ._losses import InceptionCrossEntropy
from ._regularizer import convolution_kernels, kernels
from ._shared import BOTH_ARE_OURS, EPOCHS_ARE_OURS, classifier, vgg, wide_resnet

CIFAR10 = (
    classifier(
        name="cifar10_3c3d",
        description="Three convolutional and three dense layers on CIFAR-10",
        dataset=DATASETS["cifar10"],
        model=models.Net3C3D,
        batch_size=128,
        epochs=100,
        weight_decay=0.002,
        regularized=kernels,
        convergence_target=0.8283307079578206,
    ),
    vgg(
        name="cifar10_vgg16",
        description="VGG-16 on CIFAR-10 resized to 224x224",
        dataset=DATASETS["cifar10"],
        model=partial(models.VGG, depth=16, num_classes=10),
    ),
    vgg(
        name="cifar10_vgg19",
        description="VGG-19 on CIFAR-10 resized to 224x224",
        dataset=DATASETS["cifar10"],
        model=partial(models.VGG, depth=19, num_classes=10),
    ),
)

CIFAR100 = (
    classifier(
        name="cifar100_3c3d",
        description="Three convolutional and three dense layers on CIFAR-100",
        dataset=DATASETS["cifar100"],
        model=partial(models.Net3C3D, num_classes=100),
        batch_size=128,
        epochs=100,
        weight_decay=0.002,
        regularized=kernels,
    ),
    vgg(
        name="cifar100_vgg16",
        description="VGG-16 on CIFAR-100 resized to 224x224",
        dataset=DATASETS["cifar100"],
        model=partial(models.VGG, depth=16, num_classes=100),
    ),
    vgg(
        name="cifar100_vgg19",
        description="VGG-19 on CIFAR-100 resized to 224x224",
        dataset=DATASETS["cifar100"],
        model=partial(models.VGG, depth=19, num_classes=100),
    ),
    classifier(
        name="cifar100_allcnnc",
        description="All-convolutional network C on CIFAR-100",
        dataset=DATASETS["cifar100"],
        model=models.AllCNNC,
        batch_size=256,
        epochs=350,
        weight_decay=5e-4,
        regularized=kernels,
        stochastic=True,
        convergence_target=0.5256043511573971,
        reference="Springenberg et al., Striving for Simplicity, ICLR 2015 workshop",
    ),
    wide_resnet(
        name="cifar100_wrn404",
        description="Wide ResNet 40-4 on CIFAR-100",
        dataset=DATASETS["cifar100"],
        model=partial(models.WideResNet, depth=40, width=4, num_classes=100),
        epochs=200,
    ),
)

SVHN = (
    classifier(
        name="svhn_3c3d",
        description="Three convolutional and three dense layers on SVHN",
        dataset=DATASETS["svhn"],
        model=models.Net3C3D,
        batch_size=128,
        epochs=100,
        weight_decay=0.002,
        regularized=kernels,
        notes=EPOCHS_ARE_OURS,
    ),
    wide_resnet(
        name="svhn_wrn164",
        description="Wide ResNet 16-4 on SVHN",
        dataset=DATASETS["svhn"],
        model=partial(models.WideResNet, depth=16, width=4, num_classes=10),
        epochs=160,
        convergence_target=0.9501991843298437,
    ),
)

IMAGENET = (
    vgg(
        name="imagenet_vgg16",
        description="VGG-16 on ImageNet, 1001 classes",
        dataset=DATASETS["imagenet"],
        model=partial(models.VGG, depth=16, num_classes=1001),
        epochs=100,
        notes=BOTH_ARE_OURS,
    ),
    vgg(
        name="imagenet_vgg19",
        description="VGG-19 on ImageNet, 1001 classes",
        dataset=DATASETS["imagenet"],
        model=partial(models.VGG, depth=19, num_classes=1001),
        epochs=100,
        notes=BOTH_ARE_OURS,
    ),
    classifier(
        name="imagenet_inception_v3",
        description="Inception v3 with auxiliary head on ImageNet, 1001 classes",
        dataset=DATASETS["imagenet"],
        model=models.InceptionV3,
        loss=InceptionCrossEntropy,
        batch_size=128,
        epochs=100,
        weight_decay=5e-4,
        regularized=convolution_kernels,
        notes=BOTH_ARE_OURS,
        reference="Szegedy et al., Rethinking the Inception Architecture, CVPR 2016",
    ),
)
