"""The door in: journal, deduplication, acknowledgement, filing, replay."""
