"""How a user likes the console: kept on the server, so that it is the same in every browser.

Structs, not dataclasses: they are stored, and shown, as they are.
"""

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hub import clock
from hub.auth.callers import Caller
from hub.db import Audience, Database, Event, Reads
from hub.errors import Invalid
from hub.ids import UserId
from hub.messages.address import normal_phone

LARGEST = 16_384  # bytes of JSON

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Stroke = Annotated[str, Meta(max_length=32)]  # as the console writes it: `j`, `g i`, `mod+k`; empty: no key
TimeOfDay = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Number = Annotated[str, Meta(max_length=40)]
Density = Literal["comfortable", "compact"]
Shortcuts = Annotated[dict[Name, Stroke], Meta(max_length=200)]
Small = bool | int | float | str | list[str] | None


class Alert(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one kind of event makes itself noticed."""

    desktop: bool = True
    sound: bool = True


class QuietHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """From when to when nothing makes a sound, over midnight too, by the clock of an IANA time zone."""

    from_: TimeOfDay
    to: TimeOfDay
    timezone: Name


Alerts = Annotated[dict[Name, Alert], Meta(max_length=50)]
Undo = Annotated[int, Meta(ge=0, le=30)]
Columns = Annotated[dict[Name, Small], Meta(max_length=100)]


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """All of them. `shortcuts`: action to key, where it is another than the usual one; `columns`: what the page remembers;
    `alert_number`: where short messages with alerts go (E.164)."""

    density: Density = "comfortable"
    enter_sends: bool = True
    single_keys: bool = True
    shortcuts: Shortcuts = {}
    notifications: Alerts = {}
    quiet_hours: QuietHours | None = None
    alert_number: Number | None = None
    undo_seconds: Undo = 5
    columns: Columns = {}


class PreferencesChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays."""

    density: Density | UnsetType = UNSET
    enter_sends: bool | UnsetType = UNSET
    single_keys: bool | UnsetType = UNSET
    shortcuts: Shortcuts | UnsetType = UNSET
    notifications: Alerts | UnsetType = UNSET
    quiet_hours: QuietHours | UnsetType | None = UNSET
    alert_number: Number | UnsetType | None = UNSET
    undo_seconds: Undo | UnsetType = UNSET
    columns: Columns | UnsetType = UNSET


class PreferenceStore:
    """Preferences by user."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of(self, user_id: UserId) -> Preferences:
        """What the user chose, the rest as everybody begins."""
        return read(await _stored(self._db, user_id))

    async def change(self, by: Caller, change: PreferencesChange) -> Preferences:
        """Change one's own; other pages of the same user are told.

        Raises `Invalid` for too much, an unknown time zone, or what is no telephone number.
        """
        given = msgspec.to_builtins(change)
        if isinstance(change.quiet_hours, QuietHours):
            _require_zone(change.quiet_hours.timezone)
        if isinstance(change.alert_number, str):
            given["alert_number"] = normal_phone(change.alert_number) if change.alert_number.strip() else None
        async with self._db.unit_of_work() as work:
            await work.hold(f"preferences {by.person}")
            value = await _stored(work, by.person) | given
            if len(msgspec.json.encode(value)) > LARGEST:
                raise Invalid(f"preferences hold {LARGEST} bytes at most")
            await work.execute(
                "INSERT INTO auth_preference (user_id, value, updated_at) VALUES ($1, $2, $3)"
                " ON CONFLICT (user_id) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
                *(by.person, value, clock.now()),
            )
            now = read(value)
            data = {"preferences": msgspec.to_builtins(now)}
            work.announce(Event(type="preferences.changed", data=data, audience=Audience(user_id=by.person)))
        return now


def read(stored: dict[str, Any]) -> Preferences:
    """Preferences as they were stored, by this release or another: what cannot be understood is as everybody begins."""
    understood: dict[str, Any] = {}
    for field in msgspec.structs.fields(Preferences):
        try:
            understood[field.name] = msgspec.convert(stored[field.name], field.type)
        except (KeyError, msgspec.ValidationError):
            continue
    return Preferences(**understood)


async def _stored(source: Reads, user_id: UserId) -> dict[str, Any]:
    row = await source.fetch_one("SELECT value FROM auth_preference WHERE user_id = $1", user_id)
    return dict(row["value"]) if row else {}


def _require_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Invalid("there is no such time zone", path="quiet_hours.timezone") from error
