"""relcheck finds the release mistakes in a repository. This module holds the version, nothing else."""

__version__ = "0.1.0"
