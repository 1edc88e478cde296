"""Letters and how they leave. Requests only write mail down, in tracker.actions; a worker sends."""
