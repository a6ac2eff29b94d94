"""What advertising by short message must carry: who sends it, and how to stop it. Pure."""

from hub.channels.sms.opt_out import signed


def dressed(text: str, *, signature: str, hint: str) -> str:
    """`text` with its signature before and its opt-out hint behind it, each only where it is not there already."""
    body = signed(text, signature)
    return body if not hint or hint in text else f"{body.rstrip()} {hint}"
