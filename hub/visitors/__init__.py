"""People who visit a page with the widget: their tokens, who they say they are, their visits."""
