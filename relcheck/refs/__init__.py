"""Parsers of values: pure functions on text, one for each kind of value, used by every reader and by link."""

MARK = "\ue000"
"""The character that stands for a stretch of text that the files do not tell (a variable without a default)."""
