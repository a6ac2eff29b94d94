"""What a visitor's page says of itself."""

from uuid import uuid4

from hub.channels.webchat.settings import SiteSettings
from hub.db import Database
from hub.ids import AccountId
from hub.visitors.service import Visitors
from hub.visitors.values import Site


async def test_what_no_database_stores_is_left_out_of_what_a_page_says(database: Database) -> None:
    visitors = Visitors(database)
    site = Site(account_id=AccountId(uuid4()), name="Shop", settings=SiteSettings())

    admitted = await visitors.admit(site, locale="e\0n")
    await visitors.look_at(admitted.visitor.id, url="https://shop.example/\0", title="A\0B", agent="", ip="::1")

    assert admitted.visitor.locale == "en"
    (page,) = await visitors.pages(admitted.visitor.id)
    assert (page["url"], page["title"]) == ("https://shop.example/", "AB")
