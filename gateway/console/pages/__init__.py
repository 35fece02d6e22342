"""The pages: each calls the facts that the API calls, and shows them by a template of its own."""
