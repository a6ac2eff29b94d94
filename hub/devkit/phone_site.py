"""The page of the customer's telephone."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hub.api.endpoint import PUBLIC, Request, Router
from hub.devkit.example import LONG_NUMBER, PEOPLE, SHORT_CODE
from hub.devkit.phone import DemoPhone, Text


class TextWritten(msgspec.Struct, forbid_unknown_fields=True):
    """A short message to the desk."""

    sender: Annotated[str, Meta(min_length=3, max_length=40)]
    to: Literal["+14155550100", "10690000"]
    text: Annotated[str, Meta(min_length=1, max_length=1500)]


class Owner(msgspec.Struct):
    """Somebody whose telephone this could be."""

    name: str
    number: str


class Texts(msgspec.Struct):
    """What the telephone shows, the oldest first; `numbers` are the desk's."""

    items: list[Text]
    people: list[Owner]
    numbers: list[str]


def add_phone(api: Router, phone: DemoPhone) -> None:
    """Its routes."""

    @api.get("/phone/texts", needs=PUBLIC)
    async def texts(request: Request) -> Texts:
        """What was written and what came."""
        return _shown(phone)

    @api.post("/phone/texts", needs=PUBLIC, status=201)
    async def write(request: Request, body: TextWritten) -> Texts:
        """Write to the desk."""
        await phone.write(sender=body.sender, to=body.to, text=body.text)
        return _shown(phone)


def _shown(phone: DemoPhone) -> Texts:
    people = [Owner(name=person.name, number=person.phone) for person in PEOPLE]
    return Texts(items=list(phone.texts), people=people, numbers=[LONG_NUMBER, SHORT_CODE])
