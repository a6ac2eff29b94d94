"""`{{customer.name}}` and its like in texts of macros. The console fills canned replies by the same names."""

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"\{\{\s*([a-z]+\.[a-z]+)\s*\}\}")


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with its variables replaced; one that nobody knows stays, so that it is seen."""
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)
