"""`{{customer.name}}` and its like in texts of macros. The console fills canned replies by the same names."""

import re
from collections.abc import Mapping

from hub.automation.errors import UnfilledVariables

_VARIABLE = re.compile(r"\{\{\s*([a-z]+\.[a-z]+)\s*\}\}")


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with its variables replaced. Raises `UnfilledVariables` for what has no value here: nobody looks before it is sent."""
    if missing := sorted({name for name in _VARIABLE.findall(text) if not values.get(name)}):
        raise UnfilledVariables(f"nothing to put in for {', '.join(missing)}", variables=missing)
    return _VARIABLE.sub(lambda found: values[found[1]], text)
