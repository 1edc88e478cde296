"""HTML doors: find, act, say, choose, answer. No row changes, no counting."""
