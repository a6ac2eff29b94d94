"""The values every package shares: addresses, content, events, delivery states, capabilities. Pure: no I/O, no tables."""
