"""Programs that read files of strangers: each runs in a process of its own, within limits, and imports nothing of the hub."""
