"""The API of the shop."""

__version__ = "1.3.9"
