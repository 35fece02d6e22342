"""Requests in: listeners, routes, and the way of one request into the journal."""
