"""mattergate: any webhook in, a readable Mattermost message out, once, in order, none lost."""

__version__ = "0.1.0"
