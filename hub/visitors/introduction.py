"""What a visitor must say of himself before his first message is taken, whatever his page asked him. Pure."""

from hub.channels.webchat.settings import SiteSettings
from hub.visitors.errors import IntroductionNeeded


def require(settings: SiteSettings, *, name: str, email: str, phone: str, online: bool) -> None:
    """Raise `IntroductionNeeded` where something is missing that the site asks for; while nobody is there, an address may be asked
    for, too, and one is enough."""
    given = {"name": name, "email": email, "phone": phone}
    asked = {"name": settings.ask_name, "email": settings.ask_email, "phone": settings.ask_phone}
    missing = [field for field in given if asked[field] == "required" and not given[field]]
    if missing:
        raise IntroductionNeeded(f"to be given with the first message: {', '.join(missing)}")
    if not online and settings.offline_contact == "required" and not (email or phone):
        raise IntroductionNeeded("nobody is there now: to be given with the first message: email or phone")
