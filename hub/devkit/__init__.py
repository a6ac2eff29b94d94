"""What a newcomer needs to try everything on one machine: an example, a web site with the widget, a mailbox of their own."""
