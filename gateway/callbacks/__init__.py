"""The way back: what is said or clicked in Mattermost becomes a request to an outside service, and a reply."""
