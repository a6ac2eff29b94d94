"""The one gate for every connection the hub opens to a host that a person or a message named."""

from hub.egress.gate import Egress, Target, Unreachable
from hub.egress.http import Fetched, GatedConnector, fetch, open_session
from hub.egress.policy import AllowList, Refused

__all__ = [
    "AllowList",
    "Egress",
    "Fetched",
    "GatedConnector",
    "Refused",
    "Target",
    "Unreachable",
    "fetch",
    "open_session",
]
