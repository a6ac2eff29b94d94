"""One text of SQL for two dialects."""

import pytest

from hub.db.sql import for_sqlite, insert_all, insert_rows
from hub.db.work import Rows


@pytest.mark.parametrize(
    ("written", "translated"),
    [
        ("SELECT $2, $1", "SELECT ?2, ?1"),
        ("SELECT $10 || '$1 costs ''$2'''", "SELECT ?10 || '$1 costs ''$2'''"),
        ("SELECT $1::uuid, a::text[], '1::2'", "SELECT ?1, a, '1::2'"),
        ("WHERE id = ANY($1)", "WHERE id IN (SELECT value FROM json_each(?1))"),
        ("WHERE id =any( $3::uuid[] ) AND b", "WHERE id IN (SELECT value FROM json_each(?3)) AND b"),
        ("WHERE id <> ALL($2)", "WHERE id NOT IN (SELECT value FROM json_each(?2))"),
        ("WHERE a = 'any($1)'", "WHERE a = 'any($1)'"),
    ],
)
def test_text_for_postgres_becomes_text_for_sqlite(written: str, translated: str) -> None:
    assert for_sqlite(written) == translated


def _rows(table: str, count: int, suffix: str = "") -> Rows:
    return Rows(table=table, columns={"a": "int", "b": "text"}, rows=[(n, str(n)) for n in range(count)], suffix=suffix)


def test_inserts_into_several_tables_become_one_statement() -> None:
    sql = insert_all([_rows("x", 1), _rows("y", 1, "ON CONFLICT DO NOTHING")])
    assert sql == (
        "WITH part0 AS (INSERT INTO x (a, b) SELECT * FROM unnest($1::int[], $2::text[]) )"
        " INSERT INTO y (a, b) SELECT * FROM unnest($3::int[], $4::text[]) ON CONFLICT DO NOTHING"
    )


@pytest.mark.parametrize("count", [1, 2, 3, 63, 64, 65, 200])
def test_inserts_for_sqlite_hold_every_row_once_and_in_order(count: int) -> None:
    statements = list(insert_rows(_rows("x", count)))
    assert [value for _, args in statements for value in args] == [value for n in range(count) for value in (n, str(n))]
    assert all(sql.count("(?, ?)") * 2 == len(args) <= 128 for sql, args in statements)
