"""An entry in the table of settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..common import check_nesting

REQUIRED: Any = dataclasses.MISSING

#: How a value is written down. `pairs` is a mapping (`--set NAME=VALUE`), `named` a mapping with a
#: name (`--schedule NAME --set-schedule NAME=VALUE`), `texts` several texts (`--group TEXT`, again
#: and again, for `groups`), `object` is given as an argument.
Kind = Literal["int", "float", "bool", "str", "pairs", "named", "texts", "object"]
#: What runs that differ in a setting are to the analysis: other methods; other settings of one
#: method, of which the best is chosen; or repetitions.
Role = Literal["method", "tuned", "repetition"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting of a run. Everything else that knows about settings is derived from these.

    Attributes:
        name: The keyword of `run`, the field of `RunConfig`, of YAML and of a record's `config`.
        annotation: The type of what is accepted, for signatures.
        kind: How a value is written down.
        default: What it is where nothing is given; `REQUIRED` for none. None stands for a value
            that `resolve` looks up.
        check: Takes the name and a value; returns the value in canonical form or raises
            `UsageError`. It looks at this value alone.
        resolve: Takes the checked value and the settings before this one, resolved; returns the
            final value.
        help: One line: what it is. The command's help and the docstrings show it.
        former: Its name before it was renamed, which stays its name in identities and folders.
        since: The version of the identity that first had it. Later ones are left out of a run's
            identity at their default, so that earlier runs keep theirs.
        in_folder: Whether it is part of the name of a setting's folder where it is not the default.
        field: Its name in DeepOBS's own files; None where those do not have it.
        column: Its column in the tidy frame.
        plural: The YAML field that holds several values; None for the name itself.
        role: What runs that differ in it are to the analysis.
        searchable: Whether `tune` and `deepobs tune` take it for all runs of a search.
        stands_for: The setting that it is converted into. It can be given wherever settings can,
            but is None in a configuration, and not part of a record.
    """

    name: str
    annotation: str
    kind: Kind
    default: Any
    check: Callable[[str, Any], Any]
    resolve: Callable[[Any, Mapping[str, Any]], Any] | None
    help: str
    former: str | None
    since: int
    in_folder: bool
    field: str | None
    column: str
    plural: str | None
    role: Role
    searchable: bool
    stands_for: str | None

    @property
    def first_name(self) -> str:
        """The name that identities and folders have."""
        return self.former or self.name

    @property
    def option(self) -> str:
        """The command's option."""
        if self.kind == "pairs":
            return "--set"
        name = self.name.removesuffix("s") if self.kind == "texts" else self.name
        return f"--{name.replace('_', '-')}"

    @property
    def yaml_field(self) -> str:
        """The field of a sweep's configuration."""
        return self.plural or self.name

    def checked(self, value: Any) -> Any:
        """Returns the value in canonical form, checked by itself; None stands for the default.

        Raises:
            UsageError: No run accepts it.
        """
        if value is None and self.default is not REQUIRED:
            value = self.default
        if value is None and self.default is None:
            return None
        check_nesting(self.name, value)
        return self.check(self.name, value)


def setting(
    *,
    check: Callable[[str, Any], Any],
    help: str,
    default: Any = REQUIRED,
    default_factory: Any = REQUIRED,
    kind: Kind | None = None,
    resolve: Callable[[Any, Mapping[str, Any]], Any] | None = None,
    former: str | None = None,
    since: int = 1,
    in_folder: bool = True,
    field: str | None = None,
    column: str | None = None,
    plural: str | None = None,
    role: Role = "method",
    searchable: bool = True,
    stands_for: str | None = None,
) -> Any:
    """Declares a setting as a dataclass field; the arguments are those of `Setting`."""
    declared = dict(locals())
    places = {"default": default, "default_factory": default_factory}
    given = {name: value for name, value in places.items() if value is not REQUIRED}
    return dataclasses.field(**given, metadata={"setting": declared})


def settings_of(table: Any) -> tuple[Setting, ...]:
    """Returns the entries of a dataclass whose fields were made by `setting`, in order."""
    return tuple(_entry(item) for item in dataclasses.fields(table) if "setting" in item.metadata)


def _entry(item: dataclasses.Field[Any]) -> Setting:
    declared = dict(item.metadata["setting"])
    factory = declared.pop("default_factory")
    if factory is not REQUIRED:
        declared["default"] = factory()
    annotation = str(item.type)
    declared["kind"] = declared["kind"] or annotation.split(" | ", maxsplit=1)[0]
    declared["column"] = declared["column"] or item.name
    if declared["default"] is None and "None" not in annotation:
        annotation += " | None"
    return Setting(name=item.name, annotation=annotation, **declared)
