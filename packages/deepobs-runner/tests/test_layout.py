"""How the runner's folders import each other; import-linter holds their order."""

import ast
from pathlib import Path

import pytest

import deepobs.runner

ROOT = Path(deepobs.runner.__file__).parent
MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))


def _target(module: Path, node: ast.ImportFrom) -> Path:
    """The folder or module that a relative import names, relative to the package."""
    folder = module.parent
    for _ in range(node.level - 1):
        folder = folder.parent
    return folder.joinpath(*(node.module or "").split("."))


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_another_folder_is_imported_by_its_public_names(module):
    """Neither a private module nor a private name crosses a folder's border."""
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        target = _target(module, node)
        own = target == module.parent or target.parent == module.parent
        names = [alias.name for alias in node.names]
        private = [part for part in (*target.parts, *names) if part.startswith("_")]
        assert own or not private, f"line {node.lineno} imports {private} from {target}"
