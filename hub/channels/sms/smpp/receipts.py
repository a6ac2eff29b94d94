"""Delivery receipts: SMPP 3.4 appendix B, and what centres make of it. Pure.

The text is `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…`: the order, the case and which of them are there differ, and
the optional parameters (5.3.2.12, 5.3.2.35) say it better where they are.
"""

import re
from dataclasses import dataclass
from typing import Literal

from hub.channels.sms.smpp.wire import ShortMessage, Tag
from hub.messages.states import DeliveryState, SendFailure

IdForm = Literal["as_is", "decimal", "hex_to_decimal", "decimal_to_hex"]
"""How the id of a receipt is turned into the one of the answer: see `same_id`."""

_NAME = re.compile(r"(?<!\w)(id|sub|dlvrd|submit date|done date|stat|err|text)\s*:", re.IGNORECASE)
# 5.2.28
_STATES = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
    9: "SKIPPED",
}
_MEANINGS = {
    "ENROUTE": DeliveryState.ACCEPTED,
    "ACCEPTD": DeliveryState.ACCEPTED,
    "BUFFERD": DeliveryState.ACCEPTED,
    "DELIVRD": DeliveryState.DELIVERED,
    "EXPIRED": DeliveryState.FAILED,
    "DELETED": DeliveryState.FAILED,
    "UNDELIV": DeliveryState.FAILED,
    "REJECTD": DeliveryState.FAILED,
    "UNKNOWN": DeliveryState.ACCEPTED,  # the centre lost track of it, which is no failure
}
_LONGEST = 4096  # characters looked at
_ID = 65


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a message. `word` is the centre's own, such as DELIVRD."""

    id: str
    word: str
    state: DeliveryState
    error: str = ""

    @property
    def failure(self) -> SendFailure | None:
        """Only a failed one has it."""
        return SendFailure.REJECTED if self.state is DeliveryState.FAILED else None


def is_receipt(message: ShortMessage) -> bool:
    """5.2.12: bits 5 to 2 of esm_class; some centres leave them out and say it by an optional parameter only."""
    kind = message.esm_class & 0x3C
    return kind in (0x04, 0x20) or (kind == 0 and Tag.RECEIPTED_MESSAGE_ID in message.tlvs)


def parse(message: ShortMessage, form: IdForm = "as_is") -> Receipt | None:
    """None where it names no message or no state."""
    said = fields(message.octets.decode("latin-1"))
    tlv_id = message.tlvs.get(Tag.RECEIPTED_MESSAGE_ID, b"").partition(b"\0")[0].decode("latin-1").strip()
    id = tlv_id or said.get("id", "")
    word = _word(message, said)
    if not id or not word:
        return None
    return Receipt(
        id=same_id(id, form),
        word=word,
        state=_MEANINGS.get(word, DeliveryState.ACCEPTED),  # a new word must not lose the report
        error=_error(message, said),
    )


def fields(text: str) -> dict[str, str]:
    """The fields of a receipt's text by their names in lower case, the first of each; behind `text` there is nothing but a text."""
    text = text[:_LONGEST]
    names = list(_NAME.finditer(text))
    found: dict[str, str] = {}
    for at, name in enumerate(names):
        key = name[1].lower()
        if key == "text":
            break
        end = names[at + 1].start() if at + 1 < len(names) else len(text)
        found.setdefault(key, text[name.end() : end].strip())
    return found


def state_of(number: int) -> DeliveryState | None:
    """A message_state, as query_sm gives it; None where it says nothing."""
    word = _STATES.get(number, "UNKNOWN")
    return None if word in ("UNKNOWN", "SKIPPED") else _MEANINGS[word]


def same_id(id: str, form: IdForm) -> str:
    """An id in the one form under which the ledger keeps it.

    Applied to the ids of answers as well as of receipts with the form set for each; blanks and case never count, and what is no
    number stays as it is.
    """
    id = id.strip()[:_ID].lower()
    try:
        match form:
            case "decimal":
                return str(int(id))
            case "hex_to_decimal":
                return str(int(id, 16))
            case "decimal_to_hex":
                return f"{int(id):x}"
            case _:
                return id
    except ValueError:
        return id


def _word(message: ShortMessage, said: dict[str, str]) -> str:
    if state := message.tlvs.get(Tag.MESSAGE_STATE):
        return _STATES.get(state[0], "UNKNOWN")
    word = said.get("stat", "").upper()
    return next((known for known in _MEANINGS if known[:5] == word[:5]), word[:16])  # "DELIVERED" is DELIVRD


def _error(message: ShortMessage, said: dict[str, str]) -> str:
    """`err` of the text; else network_error_code (5.3.2.31), a network and a number."""
    if error := said.get("err", "")[:16]:
        return error.lstrip("0")
    code = message.tlvs.get(Tag.NETWORK_ERROR_CODE, b"")
    return str(int.from_bytes(code[1:3], "big")) if len(code) == 3 else ""
