"""Documents and what they make of payloads. Pure: no clock, no network, no disk but for loading."""
