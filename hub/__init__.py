"""Switchboard: one hub for web chat, e-mail, SMS, fax, voicemail and calls."""

__version__ = "0.1.0"
