"""Sites of other people with the widget, as tests set them up."""

from typing import Any

from tests.e2e.desks import Desk


def put_settings(desk: Desk, account_id: str, settings: dict[str, Any]) -> None:
    version = desk.ask("GET", f"/accounts/{account_id}")["version"]
    desk.ask("PATCH", f"/accounts/{account_id}", {"settings": settings, "version": version})


def host_page(desk: Desk, site_id: str, lang: str, attributes: str = "") -> str:
    script = f'<script async src="{desk.widget_url}/widget/v1/loader.js" data-site="{site_id}" {attributes}></script>'
    return f'<!doctype html><html lang="{lang}"><title>Shop</title>{script}<main><h1>Shop</h1><a href="/next">next</a></main>'
