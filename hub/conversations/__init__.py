"""The heart: conversations and their messages, over all channels."""
