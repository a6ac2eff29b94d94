"""The gate everything that leaves has to pass: one pure decision, stored with the delivery."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Purpose(StrEnum):
    """Why we write."""

    REPLY = "reply"  # within a conversation the other side is part of
    SERVICE = "service"  # about their business with us, and to our own staff
    MARKETING = "marketing"  # needs a recorded yes
    OPT_OUT = "opt_out"  # the one answer to who stops, starts again, or asks for help: the law wants it said


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the hub knows about an address on a channel."""

    refused: str | None = None  # why the customer wants nothing on this channel
    suppressed: str | None = None  # why the address itself is not to be used (bounced, opted out)
    opted_out: str | None = None  # to which of our numbers they said STOP
    agreed: str | None = None  # proof of a yes to marketing


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Yes or no, by which rule, on what evidence."""

    allowed: bool
    purpose: Purpose
    rule: str
    evidence: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As stored with the delivery."""
        return {"allowed": self.allowed, "purpose": self.purpose.value, "rule": self.rule, "evidence": self.evidence}


def decide(purpose: Purpose, known: Known) -> Decision:
    """Refusals and suppressions bind every purpose, but an opt-out is answered; marketing needs a yes on top."""
    if purpose is Purpose.OPT_OUT and known.suppressed is None:
        return Decision(allowed=True, purpose=purpose, rule="opt_out_answer")
    if known.opted_out is not None:
        return Decision(allowed=False, purpose=purpose, rule="opted_out", evidence={"said_to": known.opted_out})
    if known.refused is not None:
        return Decision(allowed=False, purpose=purpose, rule="customer_refused", evidence={"reason": known.refused})
    if known.suppressed is not None:
        return Decision(allowed=False, purpose=purpose, rule="suppressed", evidence={"reason": known.suppressed})
    if purpose is Purpose.MARKETING:
        rule = "agreed" if known.agreed else "no_consent"
        return Decision(allowed=known.agreed is not None, purpose=purpose, rule=rule, evidence={"proof": known.agreed})
    rule = "answer_in_conversation" if purpose is Purpose.REPLY else "service"
    return Decision(allowed=True, purpose=purpose, rule=rule)
