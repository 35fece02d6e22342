"""What Mattermost accepts: payloads, fitting, and posting."""
