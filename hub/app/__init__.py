"""The composition root: the one place that names every concrete class, and runs them."""

from hub.app.commands import demo, replay, serve, web, worker

__all__ = ["demo", "replay", "serve", "web", "worker"]
