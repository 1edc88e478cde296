"""The small kit under both apps' REST doors: conventions, problems, schema. Knows no tables."""
