"""Shape and wording of what people type into pages. Rules across rows are the actions'."""
