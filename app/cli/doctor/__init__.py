"""`gameday doctor`: what is missing on this machine and in AWS. Facts are gathered in one place, and judged in another."""

from app.cli.doctor.doctor import doctor

__all__ = ["doctor"]
