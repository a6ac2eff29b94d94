"""The door out: one verb to send, a ledger of what became of it."""
