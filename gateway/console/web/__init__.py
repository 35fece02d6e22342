"""The small framework of the console: visitors, pages, API, live stream."""
