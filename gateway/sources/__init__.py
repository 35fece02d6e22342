"""Long-lived connections that bring in what is said: bots that listen to Mattermost."""
