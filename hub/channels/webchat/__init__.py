"""Chat with people on a web page, through our own widget: a site is an account."""
