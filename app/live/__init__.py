"""Topic → followers. Knows no domain; publishers are threads, followers are streams."""

from app.live.hub import Live, Message

__all__ = ["Live", "Message"]
