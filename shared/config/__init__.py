"""The settings: read once, checked, and passed on as a frozen dataclass."""

from shared.config.settings import Settings, load_settings

__all__ = ["Settings", "load_settings"]
