"""Requests in: sockets, proofs of authenticity, bytes to JSON values, handshakes."""
