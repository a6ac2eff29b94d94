"""The second factor of one's own sign-in, and taking it away from who lost it."""

from typing import Annotated

import msgspec
import segno

from hub.api.endpoint import SIGNED_IN, Request, Router
from hub.auth import Right
from hub.auth.errors import (
    Escalation,
    NeedsUser,
    NoSuchUser,
    SecondFactorActive,
    SecondFactorInactive,
    TooManyAttempts,
    WrongCode,
    WrongOldPassword,
)
from hub.ids import UserId

api = Router(tag="second-factor")


class FactorView(msgspec.Struct, kw_only=True):
    """Whether a code is asked for at sign-in, and how many recovery codes are left."""

    active: bool
    recovery_codes_left: int


class EnrolmentView(msgspec.Struct, kw_only=True):
    """What goes into the device, told only here: the secret to type, its `otpauth:` address, and that as a picture."""

    secret: str
    otpauth_url: str
    qr_svg: str


class Code(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A code the device shows."""

    code: Annotated[str, msgspec.Meta(max_length=64)]


class Proof(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One's own password, once more."""

    password: Annotated[str, msgspec.Meta(max_length=256)]


class RecoveryCodes(msgspec.Struct, kw_only=True):
    """Each signs in once in place of a code of the device. Told only here."""

    recovery_codes: list[str]


@api.get("/me/totp", needs=SIGNED_IN, raises=(NeedsUser,))
async def get(request: Request) -> FactorView:
    """How it stands with one's own second factor."""
    factor = await request.hub.auth.factors.of(request.caller.person)
    return FactorView(active=factor.active, recovery_codes_left=factor.recovery_codes_left)


@api.post("/me/totp", needs=SIGNED_IN, status=201, raises=(NeedsUser, SecondFactorActive))
async def begin(request: Request) -> EnrolmentView:
    """A new secret for one's device. Nothing is asked for at sign-in before it is confirmed."""
    made = await request.hub.auth.factors.begin(request.caller)
    return EnrolmentView(secret=made.secret, otpauth_url=made.address, qr_svg=qr_svg(made.address))


@api.post("/me/totp/confirm", needs=SIGNED_IN, raises=(NeedsUser, SecondFactorInactive, WrongCode, TooManyAttempts))
async def confirm(request: Request, body: Code) -> RecoveryCodes:
    """Put the second factor in force with a code of the device."""
    return RecoveryCodes(recovery_codes=await request.hub.auth.factors.confirm(request.caller, body.code))


@api.post("/me/totp/recovery-codes", needs=SIGNED_IN, raises=(NeedsUser, SecondFactorInactive, WrongOldPassword, TooManyAttempts))
async def renew_codes(request: Request, body: Proof) -> RecoveryCodes:
    """New recovery codes; the old ones are worthless."""
    return RecoveryCodes(recovery_codes=await request.hub.auth.factors.renew_codes(request.caller, body.password))


@api.delete("/me/totp", needs=SIGNED_IN, raises=(NeedsUser, SecondFactorInactive, WrongOldPassword, TooManyAttempts))
async def end(request: Request, body: Proof) -> None:
    """Sign in by password alone from now on."""
    await request.hub.auth.factors.end(request.caller, body.password)


@api.delete("/users/{user_id}/totp", needs=Right.USERS_MANAGE, raises=(NoSuchUser, Escalation, SecondFactorInactive))
async def reset(request: Request, user_id: UserId) -> None:
    """Take away the second factor of a user who lost it."""
    await request.hub.auth.factors.reset(request.caller, user_id)


def qr_svg(text: str) -> str:
    """A QR code as an `<svg>` element, dark on white with its quiet zone, to be shown at any size."""
    return str(segno.make(text, error="m").svg_inline(scale=4, dark="#000", light="#fff", omitsize=True))
