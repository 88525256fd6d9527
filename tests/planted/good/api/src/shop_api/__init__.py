"""The API of the shop."""

__version__ = "1.4.0"
