"""Work in the background: what the worker does, and when. Nothing here runs inside a request."""
