"""SMPP 3.4: an operator's short message centre at the other end of a connection that stays open."""
