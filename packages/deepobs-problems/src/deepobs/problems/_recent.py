"""Problems beyond the original ones: language models, graphs, physics, and small ones."""

from __future__ import annotations

from functools import partial

from torch import nn

from deepobs import models
from deepobs.data import DATASETS

from ._losses import (
    ConvectionLoss,
    OutputIsLoss,
    PPOLoss,
    SequenceCrossEntropy,
    SquaredError,
    inputs,
    top1,
)
from ._metrics import EPISODIC_RETURN, PERPLEXITY, RMSE
from ._networks import (
    RELATIVE_L2,
    ConvectionNetwork,
    NodeClassifier,
    first_layer,
    prepared_cora,
)
from ._problem import Problem
from ._quadratic import origin, rotated_quadratic
from ._shared import classifier

_LENGTH_IS_OURS = "The number of steps is ours."

_recent = partial(Problem, extra=True)
language_model = partial(
    _recent,
    model=models.GPT,
    loss=SequenceCrossEntropy,
    correct=top1,
    metrics=(PERPLEXITY,),
    stochastic=False,
    batch_size=12,
    reference="Karpathy, nanoGPT, https://github.com/karpathy/nanoGPT",
)
_convection = partial(
    _recent,
    dataset=DATASETS["convection"],
    loss=ConvectionLoss,
    metrics=(RELATIVE_L2,),
    stochastic=False,
    batch_size=10_000,
    full_batch=True,
    reference="Rathore et al., Challenges in Training PINNs, ICML 2024",
)

_cartpole = partial(
    _recent,
    model=models.ActorCritic,
    loss=PPOLoss,
    metrics=(EPISODIC_RETURN,),
    stochastic=False,
    batch_size=128,
    reference="Schulman et al., PPO, arXiv 1707.06347; Huang et al., CleanRL, JMLR 23, 2022",
)

DIGITS = (
    classifier(
        name="digits_logreg",
        description="Logistic regression on 8x8 handwritten digits, embedded in the package",
        dataset=DATASETS["digits"],
        model=partial(models.LogisticRegression, in_features=64),
        batch_size=64,
        epochs=20,
        extra=True,
    ),
    classifier(
        name="digits_mlp",
        description="Small perceptron on 8x8 handwritten digits, embedded in the package",
        dataset=DATASETS["digits"],
        model=partial(models.MLP, in_features=64, hidden=(64, 32)),
        batch_size=64,
        epochs=20,
        extra=True,
    ),
    classifier(
        name="digits_2c2d",
        description="Two convolutional and two dense layers on 8x8 handwritten digits",
        dataset=DATASETS["digits"],
        model=partial(models.Net2C2D, image_size=8),
        batch_size=64,
        epochs=10,
        extra=True,
    ),
    _recent(
        name="digits_autoencoder",
        description="Dense autoencoder 64-128-32-8-32-128-64 of 8x8 handwritten digits",
        dataset=DATASETS["digits"],
        model=partial(models.MLP, in_features=64, num_classes=64, hidden=(128, 32, 8, 32, 128)),
        loss=SquaredError,
        target=inputs,
        stochastic=False,
        batch_size=64,
        epochs=20,
        reference="Hinton and Salakhutdinov, Science 313, 2006 (deep autoencoders)",
        notes="The sizes and the length are ours.",
    ),
)

RECENT = (
    language_model(
        name="shakespeare_gpt",
        description="GPT of 804,096 parameters that predicts characters of Tiny Shakespeare",
        dataset=DATASETS["tiny_shakespeare"],
        steps_per_epoch=250,
        epochs=8,
        notes="nanoGPT's setting for CPUs. Its optimizer is AdamW (betas 0.9 and 0.99, decay 0.1 of"
        " matrices, gradients clipped to norm 1), 1e-3 to 1e-4 by cosine after 100 warm-up steps.",
    ),
    language_model(
        name="tolstoi_gpt",
        description="GPT that predicts characters of War and Peace",
        dataset=partial(DATASETS["tolstoi"], blocks=True, sequence_length=64),
        model=partial(models.GPT, vocabulary_size=83),
        steps_per_epoch=250,
        epochs=8,
        evaluation_batches=200,
        notes="The model of shakespeare_gpt on the text of tolstoi_char_rnn; the length is ours.",
    ),
    _recent(
        name="cora_gcn",
        description="Graph convolutional network that classifies the papers of Cora",
        dataset=prepared_cora,
        model=NodeClassifier,
        loss=nn.CrossEntropyLoss,
        correct=top1,
        batch_size=140,
        full_batch=True,
        steps_per_epoch=10,
        epochs=20,
        weight_decay=5e-4,
        regularized=first_layer,
        convergence_target=0.81,
        reference="Kipf and Welling, Semi-Supervised Classification with GCNs, ICLR 2017",
        notes="The paper trains with Adam at 0.01; the convergence target is ours.",
    ),
    _convection(
        name="pinn_convection",
        description="Physics-informed network for the convection equation with speed 40",
        model=partial(ConvectionNetwork, hidden=(200, 200, 200, 200)),
        steps_per_epoch=100,
        epochs=50,
        notes=_LENGTH_IS_OURS,
    ),
    _recent(
        name="heavy_tailed_softmax",
        description="Linear softmax on 255 classes as frequent as words (Zipf), full batch",
        dataset=DATASETS["heavy_tailed"],
        model=partial(models.LogisticRegression, in_features=2304, num_classes=255),
        loss=nn.CrossEntropyLoss,
        correct=top1,
        stochastic=False,
        batch_size=2048,
        full_batch=True,
        steps_per_epoch=10,
        epochs=10,
        reference="Kunstner et al., Heavy-Tailed Class Imbalance, NeurIPS 2024",
        notes=f"{_LENGTH_IS_OURS} Training and test set are the same.",
    ),
    _recent(
        name="modular_addition",
        description="Addition modulo 113, which networks learn long after they fit (grokking)",
        dataset=DATASETS["modular_addition"],
        model=models.ModularAddition,
        loss=nn.CrossEntropyLoss,
        correct=top1,
        stochastic=False,
        batch_size=512,
        steps_per_epoch=100,
        epochs=100,
        convergence_target=0.99,
        reference="Power et al., Grokking, arXiv 2201.02177; Nanda et al., ICLR 2023",
        notes="Network, batch size and length are ours. The result is when the test accuracy"
        " reaches the convergence target, which takes weight decay.",
    ),
    _recent(
        name="matrix_sensing",
        description="Recovery of an ill-conditioned 20x20 matrix of rank 3 from measurements",
        dataset=DATASETS["matrix_sensing"],
        model=partial(models.MatrixSensing, rows=20, columns=20, rank=3),
        loss=SquaredError,
        metrics=(RMSE,),
        stochastic=False,
        batch_size=360,
        full_batch=True,
        steps_per_epoch=20,
        epochs=25,
        reference="Tong, Ma and Chi, Accelerating Ill-Conditioned Matrix Estimation, JMLR 2021",
        notes=f"Sizes are ours. {_LENGTH_IS_OURS}",
    ),
    _recent(
        name="rotated_quadratic",
        description="100-dimensional quadratic of condition 1000 in rotated coordinates",
        dataset=origin,
        model=rotated_quadratic,
        loss=OutputIsLoss,
        target=inputs,
        stochastic=False,
        batch_size=1,
        full_batch=True,
        steps_per_epoch=20,
        epochs=25,
        reference="Gupta, Koren and Singer, Shampoo, ICML 2018 (rotation-invariant optimizers)",
        notes="The spectrum is ours: 1 to 1/1000, equally spaced on a logarithmic scale.",
    ),
    classifier(
        name="fmnist_vit",
        description="Vision transformer of six layers, 64 wide, on Fashion-MNIST",
        dataset=DATASETS["fashion_mnist"],
        model=models.ViT,
        batch_size=128,
        epochs=20,
        extra=True,
        reference="Dosovitskiy et al., An Image is Worth 16x16 Words, ICLR 2021",
        notes="Sizes, batch size and number of epochs are ours.",
    ),
    _cartpole(
        name="cartpole_ppo",
        description="Proximal policy optimization of a policy that balances a pole on a cart",
        dataset=DATASETS["cartpole"],
        steps_per_epoch=976,
        epochs=16,
        convergence_target=475.0,
        notes="CleanRL's setting: 976 rollouts of 512 transitions, 16 steps each. Its optimizer is"
        " Adam (eps 1e-5) at 2.5e-4, linear to 0, gradients clipped to norm 0.5. The convergence"
        " target is what Gymnasium calls solved.",
    ),
)

SMALL = (
    _cartpole(
        name="cartpole_ppo_small",
        description="Beginning of cartpole_ppo, with 16 carts: 6 rollouts of 2,048 transitions",
        dataset=partial(DATASETS["cartpole"], num_environments=16),
        batch_size=256,
        steps_per_epoch=16,
        epochs=12,
        notes=f"Number of carts and batch size are ours, too. {_LENGTH_IS_OURS} More carts make the"
        " gradients less noisy; later on the returns of one optimizer differ too much by seed.",
    ),
    language_model(
        name="shakespeare_gpt_small",
        description="GPT of two layers, 64 wide, on Tiny Shakespeare, 32 characters at a time",
        dataset=partial(DATASETS["tiny_shakespeare"], sequence_length=32),
        model=partial(models.GPT, context=32, width=64, depth=2),
        steps_per_epoch=50,
        epochs=10,
        evaluation_batches=40,
        notes="Sizes and length are ours.",
    ),
    _convection(
        name="pinn_convection_small",
        description="Physics-informed network, 50 wide, for the convection equation with speed 5",
        dataset=partial(DATASETS["convection"], beta=5.0, points=1000),
        model=partial(ConvectionNetwork, beta=5.0, hidden=(50, 50, 50)),
        batch_size=1000,
        steps_per_epoch=25,
        epochs=20,
        notes=f"Speed, sizes and number of points are ours. {_LENGTH_IS_OURS}",
    ),
)
