"""Reading from a second PostgreSQL server without anybody missing what they have just written.

Nothing of it happens while REPLICA_URL is not set. docs/scaling.md tells what is promised.
"""
