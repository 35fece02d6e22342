"""Markdown with its marks taken off, for the plain-text forms of functions: as Mattermost's notifications have it."""

from gateway.mattermost.plain import unmark

__all__ = ["unmark"]
