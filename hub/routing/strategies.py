"""Who among several fitting agents is asked first.

Pure functions; ties are broken by the id, so that they can be repeated.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hub.routing.values import Agent, Strategy

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def first(strategy: Strategy, agents: Sequence[Agent]) -> Agent | None:
    """The agent to ask; None if there is none."""
    return min(agents, key=_ORDER[strategy], default=None)


def _longest_idle(agent: Agent) -> tuple[Any, ...]:
    """Who has had nothing new for the longest time.

    An offer counts: else one agent would be asked for everything at once.
    """
    return (max(agent.idle_since, agent.offered_at or _NEVER), agent.user_id)


def _round_robin(agent: Agent) -> tuple[Any, ...]:
    """Whose turn it is: who was asked longest ago."""
    return (agent.offered_at or _NEVER, agent.user_id)


def _least_loaded(agent: Agent) -> tuple[Any, ...]:
    """Who has the most room, in parts of what they can carry."""
    return (agent.load / agent.capacity, *_longest_idle(agent))


_ORDER: Mapping[Strategy, Callable[[Agent], tuple[Any, ...]]] = {
    Strategy.LONGEST_IDLE: _longest_idle,
    Strategy.ROUND_ROBIN: _round_robin,
    Strategy.LEAST_LOADED: _least_loaded,
}
