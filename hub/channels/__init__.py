"""The channels: each adapter translates between one provider and the hub."""
