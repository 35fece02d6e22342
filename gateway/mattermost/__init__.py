"""Messages for Mattermost: payloads, their limits and fitting, and the senders that post them."""
