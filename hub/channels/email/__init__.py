"""E-mail: reading and writing mails (pure), and the doors they come and go by (IMAP, SMTP, LMTP)."""
