"""When runs start without a person."""
