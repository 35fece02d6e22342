"""Acts: what is said or clicked in Mattermost goes through the journal to an outside service, and its answer back."""
