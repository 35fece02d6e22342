"""The demonstration: a gateway with sample senders and a stand-in Mattermost, nothing configured."""
