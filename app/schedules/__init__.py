"""When runs start without a person."""

from app.schedules.calendars import Calendars
from app.schedules.schedule import Fire, FireState, Schedule, Upcoming, WantedFires
from app.schedules.scheduler import Scheduler
from app.schedules.schedules import Preview, Schedules

__all__ = [
    "Calendars",
    "Fire",
    "FireState",
    "Preview",
    "Schedule",
    "Scheduler",
    "Schedules",
    "Upcoming",
    "WantedFires",
]
