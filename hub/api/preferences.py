"""How a user likes the console."""

from hub.api.endpoint import SIGNED_IN, Request, Router
from hub.auth.errors import NeedsUser
from hub.auth.preferences import Preferences, PreferencesChange
from hub.errors import Invalid

api = Router(tag="preferences")


@api.get("/me/preferences", needs=SIGNED_IN, raises=(NeedsUser,))
async def get(request: Request) -> Preferences:
    """One's own preferences; what was never chosen is as everybody begins."""
    return await request.hub.auth.preferences.of(request.caller.person)


@api.put("/me/preferences", needs=SIGNED_IN, raises=(NeedsUser, Invalid))
async def change(request: Request, body: PreferencesChange) -> Preferences:
    """Change one's own preferences: what is left out stays. Other pages of the same user hear `preferences.changed`."""
    return await request.hub.auth.preferences.change(request.caller, body)
