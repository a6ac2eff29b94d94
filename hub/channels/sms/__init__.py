"""Short messages: what every provider has in common, and one folder for each. The providers never see one another."""
