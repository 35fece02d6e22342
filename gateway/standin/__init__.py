"""The stand-in Mattermost of the demo and the tests. It shares no code with the gateway, nor its mistakes."""
