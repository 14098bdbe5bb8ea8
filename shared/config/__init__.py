"""Settings: read once by dynaconf, checked, and handed down frozen."""

from shared.config.settings import Settings, load_settings

__all__ = ["Settings", "load_settings"]
