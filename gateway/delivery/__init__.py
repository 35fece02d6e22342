"""Delivery: from the journal to the destinations, in order, again and again until it is done or given up."""
