"""What can be seen of a gateway from outside: metrics, logs, traces."""
