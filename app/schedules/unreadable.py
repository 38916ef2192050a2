"""Why a freeze calendar can not be understood."""


class UnreadableError(Exception):
    """A calendar that can not be understood, as a sentence without its full stop."""
