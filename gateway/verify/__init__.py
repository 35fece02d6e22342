"""Who sent a request: signatures, tokens, and the handshakes that services ask for first. Pure."""
