"""Running the hub: its health, its figures, its log, and the limits at its doors."""
