"""The network and the parts themselves fail: firewalls, loss, a part paused, killed, moved."""
