"""What a user is told: a mention, work given to them."""
