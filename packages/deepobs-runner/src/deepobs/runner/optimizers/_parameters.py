"""Parameters with names, roles and depths, for recipes and groups."""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

from deepobs.models import Role, parameter_depths, parameter_roles


class NamedParameter(NamedTuple):
    """A parameter with its name, role and depth.

    A list of these is also a list of named parameters for torch's optimizers.

    Attributes:
        name: Its name in the model.
        parameter: The parameter itself.
        role: Its role.
        depth: Number of layers defined before its own.
    """

    name: str
    parameter: nn.Parameter
    role: Role
    depth: int


def named_parameters(module: nn.Module) -> list[NamedParameter]:
    """Returns the trainable parameters of a module, in its order.

    Args:
        module: The model.

    Example:
        >>> from deepobs.models import MLP
        >>> [item.role.value for item in named_parameters(MLP(hidden=(10,)))]
        ['hidden', 'bias', 'output', 'bias']
    """
    roles, depths = parameter_roles(module), parameter_depths(module)
    return [
        NamedParameter(name, parameter, roles[name], depths[name])
        for name, parameter in module.named_parameters()
        if parameter.requires_grad
    ]
