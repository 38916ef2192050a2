"""What the console logs: one line an event on stderr, as text or as JSON, with what it is about and without secrets."""

from app.logs.about import about
from app.logs.logs import ACCESS, VARIABLE, Form, configure
from app.logs.redaction import redacted
from app.logs.seen import visible, visible_everywhere

__all__ = ["ACCESS", "VARIABLE", "Form", "about", "configure", "redacted", "visible", "visible_everywhere"]
