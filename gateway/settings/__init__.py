"""The settings: one TOML file and the environment, read into typed tables; every fault with its line."""

from gateway.settings.tables import Settings, load, parse, reference

__all__ = ["Settings", "load", "parse", "reference"]
