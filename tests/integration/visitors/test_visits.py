"""What a visitor's page says of itself."""

from uuid import uuid4

import jwt
import pytest

from hub import clock
from hub.channels.webchat.settings import SiteSettings
from hub.db import Database
from hub.ids import AccountId
from hub.visitors.service import Visitors
from hub.visitors.values import Site

SECRET = "0123456789abcdef0123456789abcdef"


async def test_what_no_database_stores_is_left_out_of_what_a_page_says(database: Database) -> None:
    visitors = Visitors(database)
    site = Site(account_id=AccountId(uuid4()), name="Shop", settings=SiteSettings())

    admitted = await visitors.admit(site, locale="e\0n")
    await visitors.look_at(admitted.visitor.id, url="https://shop.example/\0", title="A\0B", agent="", ip="::1")

    assert admitted.visitor.locale == "en"
    (page,) = await visitors.pages(admitted.visitor.id)
    assert (page["url"], page["title"]) == ("https://shop.example/", "AB")


def _signed(site: Site, **claims: str) -> str:
    now = int(clock.now().timestamp())
    return jwt.encode(
        {"sub": "4711", "site": str(site.account_id), "iat": now, "exp": now + 600, **claims}, SECRET, algorithm="HS256"
    )


@pytest.mark.covers("M-30")
async def test_what_is_typed_in_a_window_from_before_does_not_change_what_the_site_signed(database: Database) -> None:
    visitors = Visitors(database)
    site = Site(account_id=AccountId(uuid4()), name="Shop", settings=SiteSettings(identity_secret=SECRET))
    before = await visitors.admit(site)
    known = await visitors.admit(site, token=before.token, identity=_signed(site, name="Ann", email="ann@example.com"))
    assert known.visitor.id == before.visitor.id

    now = await visitors.introduce(before.visitor, name="The boss", email="boss@example.com", phone="+8613800138000")

    assert (now.identified, now.name, now.email, now.phone) == (True, "Ann", "ann@example.com", "+8613800138000")


@pytest.mark.covers("M-30")
async def test_what_was_typed_in_one_window_is_not_forgotten_by_another(database: Database) -> None:
    visitors = Visitors(database)
    site = Site(account_id=AccountId(uuid4()), name="Shop", settings=SiteSettings())
    one = (await visitors.admit(site)).visitor
    await visitors.introduce(one, email="ann@example.com")
    now = await visitors.introduce(one, name="Ann")
    assert (now.name, now.email) == ("Ann", "ann@example.com")
