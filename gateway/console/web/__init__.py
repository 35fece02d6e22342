"""The small framework of the console: access, operations, pages, live updates. Topics import it; it knows none."""
