"""One module per subject; each function recomputes what the exercise of its topic asks for."""
