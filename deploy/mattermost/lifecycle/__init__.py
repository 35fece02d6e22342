"""Installing and upgrading a Mattermost server inside another product; Python's standard library alone."""
