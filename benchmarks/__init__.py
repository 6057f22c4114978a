"""What operations cost, against the plainest client in the same run. `make bench` prints the figures."""
