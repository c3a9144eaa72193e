"""The table of protocols."""

from __future__ import annotations

from collections.abc import Mapping

from ..common import unknown
from ._budget import Budget
from ._protocol import FIRST_SEED, Protocol

DEFAULT_PROTOCOL = "tuned-20"

_TABLE = (
    Protocol(
        name="tuned-20",
        description="Twenty trials on validation data, the best again with ten fresh seeds.",
        source="ours",
        budget=Budget(20),
        reported="the problem's metric on test data at the end, over the ten fresh seeds",
    ),
    Protocol(
        name="deepobs-2019",
        description="DeepOBS's grid of 36 learning rates, chosen on test data.",
        source="Schneider, Balles and Hennig, ICLR 2019, section 3.3",
        strategy="grid",
        budget=Budget(36),
        selection="test",
        validation=0.0,
        space={"lr": "log:1e-5:1e2"},
        hyperparameters={"Momentum": {"momentum": 0.99}},
        repeat_seeds=tuple(range(FIRST_SEED, FIRST_SEED + 10)),
        own_schedule_lengths=(1.0,),
        reported="the problem's metric on test data at the end, over ten seeds, of which the first "
        "made the choice",
    ),
    Protocol(
        name="algoperf-external",
        description="Five studies of five trials; the median time to the validation target.",
        source="AlgoPerf's external tuning ruleset (Dahl et al., arXiv 2306.07179, section 4; "
        "mlcommons/algorithmic-efficiency, DOCUMENTATION.md)",
        budget=Budget(5),
        studies=5,
        repeat_seeds=(),
        own_schedule_lengths=(1.0,),
        score="target",
        reported="for each problem the median over studies of the time that the fastest trial "
        "needs to reach the target on validation data; over problems the integrated performance "
        "profile",
    ),
    Protocol(
        name="untuned",
        description="The optimizer's defaults with ten seeds: no search.",
        source="ours",
        budget=None,
        reported="the problem's metric on test data at the end, over ten seeds",
    ),
    Protocol(
        name="demo",
        description="Eight trials, ten seeds and a fifth of the length, to try things out.",
        source="ours; too short for conclusions",
        budget=Budget(8),
        lengths=(0.2,),
        own_schedule_lengths=(0.2,),
        reported="the problem's metric on test data at the end, over ten fresh seeds",
    ),
)

#: The protocols by name.
PROTOCOLS: Mapping[str, Protocol] = {protocol.name: protocol for protocol in _TABLE}


def get_protocol(protocol: str | Protocol) -> Protocol:
    """Returns the protocol with a name; a protocol is returned as it is.

    Raises:
        UsageError: If there is no protocol of that name.
    """
    if isinstance(protocol, Protocol):
        return protocol
    if protocol not in PROTOCOLS:
        raise unknown("protocol", protocol, PROTOCOLS, f"there are {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[protocol]
