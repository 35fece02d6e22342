"""Inbound requests: listener, doors and routes, and the way of a request into the journal."""
