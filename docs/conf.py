"""Configuration of the documentation site, which `nox -s docs` builds."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from catalogue import MODULES  # noqa: E402 - found by the line above

project = "DeepOBS"
author = "The DeepOBS developers"
copyright = "The DeepOBS developers"
release = version = installed("deepobs-runner")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx-mathjax-offline",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_design",
    "catalogue",  # writes the pages that come from tables: docs/catalogue.py
    "dialects",  # formulas in docstrings, links into the repository: docs/dialects.py
]
exclude_patterns = ["_build"]
nitpick_ignore_regex = [(r"py:.*", r".*")]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "attrs_block"]
myst_heading_anchors = 3

autosummary_generate = [f"reference/generated/{name}.md" for name in MODULES]
autosummary_ignore_module_all = False
default_role = "code"
autodoc_type_aliases = {name: name for name in ("ArrayLike", "Floats", "OptimizerLike", "Results")}
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_class_signature = "separated"
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_use_admonition_for_examples = True
napoleon_use_ivar = True
templates_path = ["_templates"]

html_theme = "pydata_sphinx_theme"
html_title = "DeepOBS"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
TOP_LEVEL = ("index", "reference/generated/examples", *(p.stem for p in HERE.glob("*.md")))
html_sidebars = {name: [] for name in TOP_LEVEL}  # pages without pages below them
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True
