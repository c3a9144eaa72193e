"""Roles and depths of parameters: what each parameter of a module is for, and in which layer."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple, Protocol, runtime_checkable

from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.parametrize import ParametrizationList


class Role(StrEnum):
    """What a parameter is for.

    Attributes:
        EMBEDDING: Vectors that are looked up: of tokens, of positions, of a class token.
        HIDDEN: Matrix of a dense, recurrent or attention layer that is not the output layer.
        CONVOLUTION: Kernel of a convolution that is not the output layer.
        OUTPUT: Matrix or kernel of the output layer. Its bias has the role `BIAS`.
        BIAS: Bias of any layer.
        GAIN: Scale of a normalization layer, or of each channel.
        OTHER: Everything else, such as the point at which a test function is evaluated.
    """

    EMBEDDING = "embedding"
    HIDDEN = "hidden"
    CONVOLUTION = "convolution"
    OUTPUT = "output"
    BIAS = "bias"
    GAIN = "gain"
    OTHER = "other"


@runtime_checkable
class DeclaresRoles(Protocol):
    """Protocol of modules that declare the roles of some or all of their parameters.

    Example:
        >>> class Head(nn.Module):
        ...     def declared_roles(self):
        ...         return {"queries": "embedding", "project_*.weight": "output"}
    """

    def declared_roles(self) -> Mapping[str, Role | str]:
        """Returns roles by name of parameter, relative to the module; `*` matches anything."""
        ...


class _Owned(NamedTuple):
    """A parameter as an attribute of the module that uses it."""

    owner: nn.Module
    name: str
    parameter: nn.Parameter


_NORMS = (nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, _NormBase)
_EMBEDDINGS = (nn.Embedding, nn.EmbeddingBag)
_RECURRENT = (nn.RNNBase, nn.RNNCellBase)
_BY_TYPE: tuple[tuple[tuple[type[nn.Module], ...], Role], ...] = (
    (_NORMS, Role.GAIN),
    (_EMBEDDINGS, Role.EMBEDDING),
    ((_ConvNd,), Role.CONVOLUTION),
    ((nn.Linear, nn.MultiheadAttention, *_RECURRENT), Role.HIDDEN),
    ((nn.Bilinear, nn.PReLU), Role.OTHER),
)
_GAINS = frozenset({"weight", "scale", "gain", "gamma", "layer_scale"})
_MATRICES = frozenset({Role.EMBEDDING, Role.HIDDEN, Role.CONVOLUTION, Role.OUTPUT})


def parameter_roles(
    module: nn.Module, overrides: Mapping[str, Role | str] | None = None
) -> dict[str, Role]:
    """Returns the role of each parameter of a module.

    The first of these rules that applies decides:

    1. `overrides`.
    2. What the module or one of its submodules declares (see `DeclaresRoles`). Where several
       declare the same parameter, the outermost module decides.
    3. A name that begins or ends with `bias`, or is `beta`: bias.
    4. The type of the layer: the weight of a normalization layer is a gain; of `nn.Embedding` and
       `nn.EmbeddingBag` an embedding; of a convolution, transposed or not, a convolution; the
       matrices of `nn.Linear`, of recurrent layers and of `nn.MultiheadAttention` are hidden; the
       weights of `nn.Bilinear` and `nn.PReLU` are other. Subclasses count as their base.
    5. In modules of other types, the name: one that contains `embed` or ends with `token` is an
       embedding. A parameter `weight` of two dimensions is hidden, or an embedding where the name
       of the module's class contains `Embed`. A parameter with one value a channel called
       `weight`, `scale`, `gain`, `gamma` or `layer_scale` is a gain.
    6. Everything else: other.

    The **output layer** is the layer with a hidden matrix or a convolution that is defined last.
    That weight has the role output, unless the layer is recurrent. This rule is not applied where
    `overrides` or a declaration name an output layer.

    A tied weight is listed once, under its first name. It is an embedding if one of its owners says
    so, otherwise it has the role that its first owner gives it.

    Args:
        module: Any module. Its parameters are neither read nor changed.
        overrides: Roles by name of parameter; in a name `*` matches anything, as in
            `{"blocks.*.mix": "hidden"}`. Where several match, the last one decides.

    Returns:
        A role for each entry of `module.named_parameters()`, in the same order.

    Raises:
        ValueError: If a name matches no parameter, or if there is no such role.

    Example:
        >>> from deepobs.models import MLP
        >>> list(parameter_roles(MLP(hidden=(10,))).values())
        [<Role.HIDDEN: 'hidden'>, <Role.BIAS: 'bias'>, <Role.OUTPUT: 'output'>, <Role.BIAS: 'bias'>]
    """
    stated: dict[nn.Parameter, Role] = {}
    for submodule in reversed(list(module.modules())):  # outer modules last: they decide
        # The type is asked, because wrappers such as torch.compile's pass attributes through.
        if hasattr(type(submodule), "declared_roles"):
            assert isinstance(submodule, DeclaresRoles)
            stated |= _matched(submodule, submodule.declared_roles())
    stated |= _matched(module, overrides or {})
    roles = _roles_by_rule(module)
    if Role.OUTPUT not in stated.values():
        output = _last_layer(module)
        if output is not None and roles[output] is not Role.EMBEDDING:
            roles[output] = Role.OUTPUT
    roles |= stated
    return {name: roles[parameter] for name, parameter in module.named_parameters()}


def parameter_depths(module: nn.Module) -> dict[str, int]:
    """Returns the depth of each parameter: how many layers are defined before its own.

    A layer is a module that has a matrix, a convolution or an embedding of its own; layers are
    counted from 0 in the order of `module.modules()`, so that parallel branches count one after the
    other and an `nn.LSTM` of several layers counts once. Other parameters, such as the gain of a
    norm, have the depth of the layer defined before them. A tied weight has its first owner's.

    Args:
        module: Any module.

    Returns:
        A depth for each entry of `module.named_parameters()`, in the same order.

    Example:
        >>> from deepobs.models import VGG
        >>> max(parameter_depths(VGG(16, image_size=32)).values())
        15
    """
    roles = parameter_roles(module)
    matrices = {p for name, p in module.named_parameters() if roles[name] in _MATRICES}
    depths: dict[nn.Parameter, int] = {}
    depth, layer = -1, None
    for owner, _, parameter in _owned(module):
        if parameter in matrices and owner is not layer:
            depth, layer = depth + 1, owner
        depths.setdefault(parameter, max(depth, 0))
    return {name: depths[parameter] for name, parameter in module.named_parameters()}


def _owned(module: nn.Module) -> Iterator[_Owned]:
    """Yields every use of a parameter, in order of definition; a tied one comes several times.

    `torch.nn.utils.parametrize` keeps a tensor's parts in a module of their own. The largest part
    counts as the tensor itself; the others are small (the norms of `weight_norm`).
    """
    for path, submodule in module.named_modules():
        own = list(submodule.named_parameters(recurse=False, remove_duplicate=False))
        largest = max((p.numel() for _, p in own), default=0)
        for name, parameter in own:
            if isinstance(submodule, ParametrizationList) and parameter.numel() == largest:
                owner, _, tensor = path.rpartition("parametrizations.")
                yield _Owned(module.get_submodule(owner.rstrip(".")), tensor, parameter)
            else:
                yield _Owned(submodule, name, parameter)


def _roles_by_rule(module: nn.Module) -> dict[nn.Parameter, Role]:
    """Returns roles by types and names of modules, without declarations and the output layer."""
    roles: dict[nn.Parameter, Role] = {}
    for owned in _owned(module):
        role = _role(owned)
        if role is Role.EMBEDDING:
            roles[owned.parameter] = role
        else:
            roles.setdefault(owned.parameter, role)
    return roles


def _role(owned: _Owned) -> Role:
    """Returns what one owner makes of a parameter: rules 3 to 6 of `parameter_roles`."""
    owner, name, parameter = owned.owner, owned.name.lower(), owned.parameter
    if name.startswith("bias") or name.endswith("bias") or name == "beta":
        return Role.BIAS
    if "weight" in name:
        for types, role in _BY_TYPE:
            if isinstance(owner, types):
                return role
    if "embed" in name or name.endswith("token"):
        return Role.EMBEDDING
    if name == "weight" and parameter.ndim == 2:
        is_embedding = "embed" in type(owner).__name__.lower()
        return Role.EMBEDDING if is_embedding else Role.HIDDEN
    if name in _GAINS and sum(length > 1 for length in parameter.shape) <= 1:
        return Role.GAIN
    return Role.OTHER


def _last_layer(module: nn.Module) -> nn.Parameter | None:
    """Returns the weight of the layer that is defined last, or None if that is recurrent."""
    last = None
    for owned in _owned(module):
        if _role(owned) in (Role.HIDDEN, Role.CONVOLUTION):
            last = owned
    return None if last is None or isinstance(last.owner, _RECURRENT) else last.parameter


def _matched(module: nn.Module, stated: Mapping[str, Role | str]) -> dict[nn.Parameter, Role]:
    """Returns the parameters that the names match, with the roles stated for them."""
    parameters = dict(module.named_parameters(remove_duplicate=False))
    roles: dict[nn.Parameter, Role] = {}
    for pattern, role in stated.items():
        matches = [p for name, p in parameters.items() if fnmatchcase(name, pattern)]
        if not matches:
            near = difflib.get_close_matches(pattern, parameters, n=1, cutoff=0)
            hint = f"; the nearest name is {near[0]!r}" if near else ""
            raise ValueError(
                f"{type(module).__name__} has no parameter that matches {pattern!r}{hint}."
            )
        roles |= dict.fromkeys(matches, _checked(role))
    return roles


def _checked(role: Role | str) -> Role:
    """Returns the role of that name."""
    if role not in list(Role):
        raise ValueError(f"There is no role {role!r}; the roles are {', '.join(Role)}.")
    return Role(role)
