"""The widget's origin."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hub.api.server import widget_app
from hub.channels.webchat.settings import SiteSettings
from hub.conversations.uploads import Uploads
from hub.db import Database
from hub.ids import AccountId, new_id
from hub.media import open_store
from hub.settings import load
from hub.visitors.service import Visitors
from hub.visitors.values import Site
from tests.fixtures.console import make_hub

SITE, OTHER = AccountId(new_id()), AccountId(new_id())
SETTINGS = SiteSettings(
    allowed_origins=["https://shop.example", "https://*.shop.example"],
    greeting_en="</script><script>alert(1)</script>",
    identity_secret="s" * 40,
)


class TwoSites:
    """Two sites that are on."""

    async def site(self, account_id: AccountId) -> Site | None:
        known = {SITE: SETTINGS, OTHER: SiteSettings()}
        return Site(account_id=account_id, name="Shop", settings=known[account_id]) if account_id in known else None


@pytest.fixture
async def widget(database: Database, tmp_path: Path) -> AsyncIterator[TestClient]:
    pages = tmp_path / "widget"
    (pages / "assets").mkdir(parents=True)
    (pages / "loader.js").write_text("loader")
    (pages / "frame.html").write_text("<!doctype html><head><title>frame</title></head>")
    (pages / "assets" / "panel-BdKm3l2a.js").write_text("panel")
    settings = load({"data_dir": str(tmp_path), "upload_max_bytes": "2048"}, {})
    media = open_store("", tmp_path)
    hub = make_hub(settings, database, uploads=Uploads(database, media))
    app = widget_app(hub, visitors=Visitors(database), sites=TwoSites(), pages=pages)
    async with TestClient(TestServer(app)) as client:
        yield client
    hub.auth.close()


async def visitor_headers(database: Database, site: AccountId = SITE) -> dict[str, str]:
    admitted = await Visitors(database).admit(Site(account_id=site, name="Shop", settings=SETTINGS))
    return {"Authorization": f"Visitor {admitted.token}", "X-Site": str(site)}


@pytest.mark.covers("W-01")
async def test_only_the_pages_a_site_names_may_frame_it(widget: TestClient) -> None:
    frame = await widget.get(f"/widget/v1/frame?site={SITE}")
    policy = frame.headers["Content-Security-Policy"]
    assert frame.status == 200
    assert "frame-ancestors https://shop.example https://*.shop.example" in policy
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "X-Frame-Options" not in frame.headers

    other = await widget.get(f"/widget/v1/frame?site={OTHER}")
    assert "frame-ancestors 'none'" in other.headers["Content-Security-Policy"]
    for site in (uuid4(), "", "x", "' OR 1=1"):
        assert (await widget.get("/widget/v1/frame", params={"site": str(site)})).status == 404


@pytest.mark.covers("M-30")
async def test_the_frame_says_what_is_set_for_the_site_and_none_of_its_secrets(widget: TestClient) -> None:
    text = await (await widget.get(f"/widget/v1/frame?site={SITE}")).text()

    _, _, rest = text.partition('<script type="application/json" id="site">')
    block, _, after = rest.partition("</script>")
    assert after == "</head>"
    known = json.loads(block)
    assert known["greeting_en"] == SETTINGS.greeting_en
    assert known["launcher"].startswith("button{background:#1f5eff;color:#ffffff}")
    assert "s" * 40 not in text


@pytest.mark.covers("M-40")
async def test_only_the_console_may_frame_a_preview(widget: TestClient) -> None:
    frame = await widget.get(f"/widget/v1/frame?site={SITE}&preview")
    ancestors = frame.headers["Content-Security-Policy"].partition("frame-ancestors ")[2]
    assert "http://localhost:8080" in ancestors
    assert "shop.example" not in ancestors


async def test_the_loader_is_asked_for_again_and_hashed_files_are_not(widget: TestClient) -> None:
    loader = await widget.get("/widget/v1/loader.js")
    assert (await loader.text(), loader.headers["Cache-Control"]) == ("loader", "no-cache")
    assert loader.headers["Access-Control-Allow-Origin"] == "*"
    assert loader.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    panel = await widget.get("/widget/v1/assets/panel-BdKm3l2a.js")
    assert "immutable" in panel.headers["Cache-Control"]


async def test_the_frame_is_never_served_without_its_policy(widget: TestClient) -> None:
    for path in (
        "/widget/v1/frame.html",
        "/frame.html",
        "/widget/v1/assets/../frame.html",
        "/widget/v1/x.js",
        "/",
        "/api/v1/session",
    ):
        assert (await widget.get(path)).status == 404


async def test_a_visitor_gives_a_file_and_nobody_else_does(widget: TestClient, database: Database) -> None:
    headers = await visitor_headers(database)
    given = await widget.post("/visitor/uploads", data=b"hello", headers={**headers, "X-Filename": "%E6%8A%A5%E4%BB%B7.txt"})

    assert given.status == 201
    assert {"filename": "报价.txt", "size": 5}.items() <= (await given.json()).items()
    for wrong in (
        {},
        {"Authorization": headers["Authorization"]},
        {**headers, "X-Site": str(OTHER)},
        {**headers, "X-Site": str(uuid4())},
        {**headers, "Authorization": "Visitor guess"},
        {**headers, "Authorization": headers["Authorization"].replace("Visitor", "Bearer")},
    ):
        answer = await widget.post("/visitor/uploads", data=b"hello", headers=wrong)
        assert (answer.status, (await answer.json())["code"]) == (401, "unauthorised")


async def test_a_visitor_gives_no_file_that_is_too_large_and_not_too_many(widget: TestClient, database: Database) -> None:
    headers = await visitor_headers(database)
    large = await widget.post("/visitor/uploads", data=b"x" * 3000, headers=headers)
    assert large.status == 413
    statuses = [(await widget.post("/visitor/uploads", data=b"x", headers=headers)).status for _ in range(11)]
    assert statuses == [201] * 9 + [429] * 2
