"""The bytes of a request as a JSON value: by content type and look, inflated, unwrapped. Pure."""
