"""REST doors to what is a person's own."""
