"""What the console is told before it starts: folders, addresses, environments."""

from app.settings.gameday_toml import FILE, load
from app.settings.settings import LOOPBACK, Environment, Settings, is_loopback, person

__all__ = ["FILE", "LOOPBACK", "Environment", "Settings", "is_loopback", "load", "person"]
