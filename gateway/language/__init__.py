"""The language of templates: what they may say, and what they make of values. Pure."""
