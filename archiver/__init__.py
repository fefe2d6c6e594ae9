"""archiver: from a scan dropped into a folder to a searchable, provable municipal archive."""

__version__ = "0.1.0"
