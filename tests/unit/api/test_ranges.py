"""What a `Range` asks for (RFC 9110 §14)."""

import pytest

from hub.api.ranges import Stretch, asked


@pytest.mark.parametrize(
    ("header", "stretch"),
    [
        ("bytes=0-3", Stretch(0, 4)),
        ("bytes=4-", Stretch(4, 6)),
        ("bytes=-3", Stretch(7, 3)),
        ("bytes=-30", Stretch(0, 10)),
        ("bytes=8-100", Stretch(8, 2)),
        ("bytes=9-9", Stretch(9, 1)),
    ],
)
def test_a_stretch_that_can_be_had(header: str, stretch: Stretch) -> None:
    assert asked(header, 10) == stretch


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_stretch_of_nothing_cannot_be_had(header: str) -> None:
    found = asked(header, 10)
    assert found is not None
    assert found.size == 0


@pytest.mark.parametrize(
    "header", [None, "", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=" + "9" * 40]
)
def test_what_is_no_single_range_of_bytes_asks_for_everything(header: str | None) -> None:
    assert asked(header, 10) is None
