"""The HTTP client that every sender uses: sessions, one bounded exchange, and what it means to get no answer."""
