"""Verification of requests: signatures, tokens, and the handshakes of services. Pure."""
