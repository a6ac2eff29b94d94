"""What a person types into the search of customers becomes a query that means it."""

import pytest

from hub.crm.customers.searching import condition


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("王芳", '"王芳"'),
        ("王 138", '"王" * AND "138" *'),
        ("138 0013 8000", '("138" * AND "0013" * AND "8000" * OR "13800138000" *)'),
        ("010-8888", '("010 8888" * OR "108888" *)'),
        ("+44 (0)20", '("44" * AND "0 20" * OR "44020" *)'),
        ("li@x.com", '"li x com" *'),
        ("12", '"12" *'),
        ("--- ()", None),
        ("  ", None),
        ('" OR 1', '"or" * AND "1" *'),
    ],
)
def test_typed_and_asked(typed: str, asked: str | None) -> None:
    assert condition(typed, "sqlite") == asked


def test_the_same_for_postgresql() -> None:
    assert condition("王芳 138-00", "postgres") == "('王芳') & (('138' <-> '00':*) | ('13800':*))"
