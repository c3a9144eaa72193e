"""The definition of a run: the table of settings and the configuration."""

from typing import TYPE_CHECKING

from ..common import lazy_exports
from ._identity import canonical_settings, current_identity, current_names, run_identity
from ._keywords import check_keywords, describe_settings
from ._setting import REQUIRED, Setting
from ._settings import INPUTS, PRECISIONS, SETTINGS
from ._words import command_words

if TYPE_CHECKING:
    from ._run_config import RunConfig as RunConfig
    from ._trial import try_out as try_out

__all__ = [
    "INPUTS",
    "PRECISIONS",
    "REQUIRED",
    "SETTINGS",
    "RunConfig",
    "Setting",
    "canonical_settings",
    "check_keywords",
    "command_words",
    "current_identity",
    "current_names",
    "describe_settings",
    "run_identity",
    "try_out",
]

# These bring torch, which the command's help and the readers of results do without.
__getattr__, __dir__ = lazy_exports(__name__, {"RunConfig": "._run_config", "try_out": "._trial"})
