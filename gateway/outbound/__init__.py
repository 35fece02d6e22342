"""The HTTP client that every sender uses: sessions, one bounded exchange, and the result of getting no answer."""
