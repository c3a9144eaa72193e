"""What a paper with the results of a report cites."""

from __future__ import annotations

import re
from importlib.metadata import version

from ...optimizers import OPTIMIZERS
from ..study import Study
from ._papers import DEEPOBS, PAPERS

_NAME = re.compile(r"[A-Za-z]+")  # of SAM(SGD), both SAM and SGD


def citation_line(study: Study) -> str:
    """Returns a sentence that names the papers of DeepOBS and of the optimizers.

    Args:
        study: The study.
    """
    line = (
        f"Measured with DeepOBS {version('deepobs-runner')} (Schneider, Balles and Hennig, "
        "ICLR 2019)"
    )
    cited = [f"{name}: {OPTIMIZERS[name].paper}" for name in _known(study)]
    return f"{line}{'. ' if cited else ''}{'; '.join(cited)}."


def bibtex(study: Study) -> str:
    """Returns the BibTeX entries of DeepOBS and of the optimizers' papers.

    Args:
        study: The study.

    Returns:
        The entries, ending in a newline; none for an optimizer that is not in the reference table.
    """
    papers = dict.fromkeys([DEEPOBS, *(PAPERS[name] for name in _known(study))])
    return "\n\n".join(paper.bibtex() for paper in papers) + "\n"


def _known(study: Study) -> list[str]:
    """Returns the reference optimizers of a study, those inside wrappers included."""
    names = {name for text in study.runs.distinct("optimizer") for name in _NAME.findall(text)}
    return [name for name in OPTIMIZERS if name in names]
