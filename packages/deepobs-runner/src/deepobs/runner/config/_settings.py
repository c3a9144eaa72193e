"""The table of a run's settings: each is declared here, once.

From this table derive `RunConfig`, the keywords of `run` and `tune`, the command's options, the
fields of a sweep's YAML, what a record keeps, the columns of the tidy frame, and the report's
command that repeats a run. To add a setting, add a field here and use it where it takes effect.

`run`, YAML and records say `lr`, `epochs` and `seed`. DeepOBS's files say `learning_rate`,
`num_epochs` and `random_seed` (`field`), and the public frame has the columns `learning_rate` and
`num_epochs` (`column`). Only the writer and the reader of files translate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import _values as values
from ._setting import Setting, setting, settings_of

if TYPE_CHECKING:
    from deepobs.problems import Problem

    from ..optimizers import OptimizerLike

PRECISIONS = ("fp32", "tf32", "bf16", "fp16")


@dataclass(frozen=True, kw_only=True, eq=False)
class Settings:
    """The settings of a run. `RunConfig` checks the values and fills in the problem's defaults."""

    problem: str | Problem = setting(
        check=values.a_problem,
        help="Name of a test problem, or a `deepobs.problems.Problem` of your own.",
        kind="object",
        field="testproblem",
        in_folder=False,
    )
    optimizer: OptimizerLike = setting(
        check=values.an_optimizer,
        help='A class or a name: `"SGD"`, any of torch.optim, `"package.module.Class"`, or a name '
        "from the entry point group `deepobs.optimizers`.",
        kind="object",
        field="optimizer",
        in_folder=False,
    )
    lr: float | None = setting(
        default=None,
        check=values.learning_rate,
        resolve=values.else_the_optimizers,
        help="The base learning rate; default: the optimizer's own.",
        field="learning_rate",
        column="learning_rate",
        role="tuned",
        in_folder=False,
        searchable=False,
    )
    hyperparameters: Mapping[str, Any] = setting(
        default_factory=dict,
        check=values.hyperparameters,
        resolve=values.of_the_optimizer,
        help="The optimizer's other arguments, by name.",
        kind="pairs",
        field="hyperparams",
        in_folder=False,
    )
    eval_every: int | None = setting(
        default=None,
        check=values.whole_number(least=1),
        resolve=values.unless_the_problems("steps_per_epoch"),
        help="Steps between two evaluations, which then count as an epoch; default: the problem's.",
        since=2,
        role="tuned",
    )
    steps: int | None = setting(
        default=None,
        check=values.whole_number(least=1),
        help="Optimizer steps of the run, instead of epochs: a multiple of the steps between two "
        "evaluations.",
        stands_for="epochs",
    )
    epochs: int = setting(
        default=None,
        check=values.whole_number(least=1),
        resolve=values.length,
        help="Passes over the training set, or intervals between two evaluations; default: the "
        "problem's.",
        field="num_epochs",
        column="num_epochs",
        role="tuned",
        in_folder=False,
    )
    batch_size: int = setting(
        default=None,
        check=values.whole_number(least=1),
        resolve=values.else_the_problems("batch_size"),
        help="Examples per optimizer step, over all processes and micro-batches; default: the "
        "problem's.",
        field="batch_size",
        role="tuned",
        in_folder=False,
    )
    weight_decay: float | None = setting(
        default=None,
        check=values.finite_number(least=0.0),
        resolve=values.weight_decay,
        help="Factor of the problem's L2 regularizer; default: the problem's.",
        field="weight_decay",
        role="tuned",
        in_folder=False,
    )
    schedule: str | Mapping[str, Any] = setting(
        default="constant",
        check=values.schedule,
        resolve=values.fitting_schedule,
        help="Name of a learning-rate schedule, or a mapping with `name` and its arguments.",
        kind="named",
        in_folder=False,
        plural="schedules",
    )
    groups: tuple[str, ...] = setting(
        default=(),
        check=values.groups,
        resolve=values.of_the_optimizers,
        help='Groups of parameters with settings of their own, such as "role=bias weight_decay=0".',
        kind="texts",
        since=2,
    )
    calls: str = setting(
        default="auto",
        check=values.calls,
        help="How the optimizer is called: auto, step, closure, gradient_and_closure, "
        "create_graph, loss, example_gradients or fused_backward.",
        since=2,
    )
    averaging: str | Mapping[str, Any] = setting(
        default="none",
        check=values.averaging,
        help="Average of the weights to evaluate: none, ema, swa or lawa.",
        kind="named",
        since=2,
    )
    precision: str = setting(
        default="fp32",
        check=values.one_of("precision", PRECISIONS),
        help="Arithmetic of the training: fp32, tf32, or bf16 and fp16 by autocast.",
    )
    gradient_accumulation_steps: int = setting(
        default=1,
        check=values.whole_number(least=1),
        help="Micro-batches per optimizer step.",
        former="accumulate",
    )
    max_grad_norm: float | None = setting(
        default=None,
        check=values.positive_number,
        help="Gradients with a larger norm are scaled down to it; default: no clipping.",
        former="clip_norm",
    )
    validation: float = setting(
        default=0.0,
        check=values.share,
        help='Fraction of the training set held out as the phase "valid".',
        role="tuned",
        searchable=False,
    )
    replay: bool = setting(
        default=False,
        check=values.boolean,
        help="Repeat the first epoch's order and augmentation in every epoch, as DeepOBS 1 did.",
    )
    trainer: str | None = setting(
        default=None,
        check=values.class_path,
        help="Subclass of `deepobs.runner.Trainer` with a training step of your own, as "
        "package.module.Class.",
        since=2,
    )
    seed: int = setting(
        default=42,
        check=values.whole_number(least=0),
        help="What everything random derives from.",
        field="random_seed",
        role="repetition",
        in_folder=False,
        plural="seeds",
        searchable=False,
    )


#: What can be given.
INPUTS: tuple[Setting, ...] = settings_of(Settings)
#: The table: what a configuration holds.
SETTINGS: tuple[Setting, ...] = tuple(item for item in INPUTS if item.stands_for is None)
