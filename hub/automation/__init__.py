"""What agents need not do by hand: canned replies and macros."""
