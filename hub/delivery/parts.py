"""A message that went out in several parts: what its parts' reports come to. Pure, and the same whatever order they came in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from hub.messages.states import DeliveryState, fold

_DONE = (DeliveryState.DELIVERED, DeliveryState.READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One report: of the part the provider knows by `provider_id`, of the whole message where that is empty."""

    provider_id: str
    state: DeliveryState


def stand(provider_ids: Sequence[str], words: Iterable[Word]) -> DeliveryState:
    """Where a delivery stands that went out as `provider_ids`, one a part; an empty one is a part whose answer was lost.

    Delivered is what arrived with every part, failed is what lost one; a word about the whole stands if it is stronger.
    """
    parts = {id: DeliveryState.ACCEPTED for id in provider_ids if id}
    whole = lost = DeliveryState.UNKNOWN
    for word in words:
        if word.provider_id in parts:
            parts[word.provider_id] = fold(parts[word.provider_id], word.state)
        else:
            whole = fold(whole, word.state)
    return fold(_merged([*parts.values(), *([lost] if "" in provider_ids else [])]), whole)


def filled(provider_ids: Sequence[str], late: Sequence[str]) -> tuple[str, ...]:
    """`provider_ids` with the ids that came late in the places of those that were lost; all of them where none was known."""
    if not any(provider_ids) and len(provider_ids) < len(late):
        return tuple(late)
    waiting = [id for id in late if id and id not in provider_ids]
    return tuple(id or (waiting.pop(0) if waiting else "") for id in provider_ids)


def _merged(parts: Sequence[DeliveryState]) -> DeliveryState:
    if DeliveryState.FAILED in parts:
        return DeliveryState.FAILED
    if all(part in _DONE for part in parts):
        return reduce(_weaker, parts)
    return DeliveryState.UNKNOWN if DeliveryState.UNKNOWN in parts else DeliveryState.ACCEPTED


def _weaker(one: DeliveryState, other: DeliveryState) -> DeliveryState:
    return one if fold(one, other) is other else other
