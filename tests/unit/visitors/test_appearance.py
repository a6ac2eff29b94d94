"""How a site says it wants to look."""

import msgspec
import pytest

from hub.channels.webchat.settings import SiteSettings
from hub.visitors.appearance import appearance, asks, invitation, launcher_css, text_on, texts
from hub.visitors.values import Site


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return sum(
        w * (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4)
        for w, p in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
    )


@pytest.mark.covers("M-30")
def test_text_reads_well_on_every_colour() -> None:
    for value in range(0, 2**24, 4099):
        color = f"#{value:06x}"
        high, low = sorted((_luminance(color), _luminance(text_on(color))), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, color


@pytest.mark.covers("M-30")
def test_a_site_places_its_button_for_each_kind_of_device() -> None:
    css = launcher_css(SiteSettings(position="left", position_phone="right", offset_side=12, offset_bottom=96))
    wide, phones = css.split("@media", 1)
    assert "right:auto;left:12px" in wide
    assert "calc(96px + env(safe-area-inset-bottom))" in wide
    assert "left:auto;right:12px" in phones
    assert "display:none" in launcher_css(SiteSettings(position_phone="hidden"))
    assert "display:none" not in css


def test_an_invitation_is_one_line() -> None:
    assert invitation(" 30 | /prices |Any questions? | 有疑问吗？ ") == {
        "after_seconds": 30,
        "url_contains": "/prices",
        "text_en": "Any questions?",
        "text_zh": "有疑问吗？",
    }
    assert invitation("5||Hello")["text_zh"] == "Hello"


@pytest.mark.parametrize("line", ["", "x | a | b", "5 | a |", "5 | a | | 好", "-1 || Hello", "5 Hello"])
def test_what_is_no_invitation_is_not_saved(line: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"invitations": [line]}, SiteSettings)


def test_own_words_are_lines_too_and_the_last_one_counts() -> None:
    assert texts(["online = Ahoy = there", "send= Go", "send = Off"]) == {"online": "Ahoy = there", "send": "Off"}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"texts_en": ["just words"]}, SiteSettings)


def test_a_site_that_asks_nothing_says_so_and_its_secrets_stay_here() -> None:
    settings = SiteSettings(identity_secret="s" * 40)
    assert not asks(settings)
    assert asks(SiteSettings(ask_phone="optional"))
    site = Site(account_id=None, name="Shop", settings=settings)  # type: ignore[arg-type]
    assert "s" * 40 not in str(appearance(site))
