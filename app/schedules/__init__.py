"""When runs start without a person."""

from app.schedules.calendars import Calendars
from app.schedules.schedule import Fire, FireState, Schedule, Upcoming
from app.schedules.scheduler import Scheduler
from app.schedules.schedules import Changed, Preview, Schedules

__all__ = [
    "Calendars",
    "Changed",
    "Fire",
    "FireState",
    "Preview",
    "Schedule",
    "Scheduler",
    "Schedules",
    "Upcoming",
]
