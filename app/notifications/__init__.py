"""Tells people: notices are rows of an outbox, written with what they tell and delivered by a loop of their own."""

from app.notifications.notice import Kind, Notice
from app.notifications.store import enqueue

__all__ = ["Kind", "Notice", "enqueue"]
