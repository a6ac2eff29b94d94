"""Writes docs/features.md: which requirement is proven by which tests. `python tests/features.py`; a test says when it is stale.

The tests are read, not run: `@pytest.mark.covers("M-03")` on a function or a class, or in a module's `pytestmark`.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "features.md"
REQUIREMENTS = ROOT / "docs" / "requirements.md"

_LINE = re.compile(r"- \*\*(?P<id>[A-Z]+-\d+)\*\* (?P<text>.+)")


def requirements() -> dict[str, str]:
    """Every requirement by its id, in the order of docs/requirements.md."""
    found = (_LINE.fullmatch(line) for line in REQUIREMENTS.read_text().splitlines())
    return {match["id"]: match["text"] for match in found if match}


def covered(folder: Path = ROOT / "tests") -> dict[str, set[str]]:
    """Requirement id → the tests that name it, as `path::test`."""
    proofs: dict[str, set[str]] = {}
    for file in sorted(folder.rglob("test_*.py")):
        if "node_modules" not in file.parts:
            for name, ids in _marked(ast.parse(file.read_text())):
                for one in ids:
                    proofs.setdefault(one, set()).add(f"{file.relative_to(folder.parent).as_posix()}::{name}")
    return proofs


def _marked(module: ast.Module) -> Iterator[tuple[str, set[str]]]:
    whole = {one for node in module.body if _is_pytestmark(node) for one in _ids(node)}
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            for_class = whole | _decorated(node)
            yield from ((test.name, for_class | _decorated(test)) for test in node.body if _is_test(test))
        elif _is_test(node):
            yield node.name, whole | _decorated(node)


def _is_test(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "pytestmark" for to in node.targets)


def _decorated(node: ast.stmt) -> set[str]:
    return {one for decorator in node.decorator_list for one in _ids(decorator)}


def _ids(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "covers":
            yield from (argument.value for argument in call.args if isinstance(argument, ast.Constant))


def page() -> str:
    """The page as it should be."""
    known, proofs = requirements(), covered()
    lines = [
        "# Features",
        "",
        "Made by `python tests/features.py` from the tests; do not edit. A requirement stands here when at least one test of",
        "`make test` names it; a line may promise more than the tests named here prove so far.",
        "",
        f"{len(proofs.keys() & known.keys())} of {len(known)} [requirements](requirements.md) are named by a test.",
        "",
        "| id | requirement | tests |",
        "|---|---|---|",
    ]
    for one, text in known.items():
        if one in proofs:
            where = "<br>".join(f"`{test}`" for test in sorted(proofs[one]))
            lines.append(f"| {one} | {text.replace('|', chr(92) + '|')} | {where} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
