"""Signoff: a coding agent that proposes edits through a language server, and lands those that the user signs off."""

__version__ = "0.1.0"
