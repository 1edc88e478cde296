"""Every write, one transaction per function. No requests, no messages, no JSON."""
