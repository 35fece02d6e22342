"""The small framework of the console: who may ask, operations, pages, what is live. Topics import it, it knows none."""
