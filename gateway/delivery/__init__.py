"""Delivery: from the journal to the destinations, in order, with retries until each message is delivered or dead."""
