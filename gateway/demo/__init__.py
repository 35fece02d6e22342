"""The whole thing with sample senders and a stand-in Mattermost, nothing configured."""
