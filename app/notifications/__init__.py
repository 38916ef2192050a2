"""Tells people: notices are rows of an outbox, written with what they tell and delivered by a loop of their own."""

from app.notifications.checks import channel_problems
from app.notifications.delivery import Delivery, DeliveryState
from app.notifications.notice import Kind, Notice
from app.notifications.notifications import ChannelState, Notifications
from app.notifications.sender import Sender
from app.notifications.stop_links import StopLink
from app.notifications.store import enqueue, tell

__all__ = [
    "ChannelState", "Delivery", "DeliveryState", "Kind", "Notice", "Notifications", "Sender", "StopLink", "channel_problems",
    "enqueue",
    "tell",
]  # fmt: skip
