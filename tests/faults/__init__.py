"""What happens to acknowledged writes when something breaks: Jepsen in small, on one machine.

`site` is mlmath on a PostgreSQL of its own, `writers` change things and note what they were told,
`faults` break something, `checker` looks at what is there afterwards, and `mutants` are mistakes
that it has to find. `make faults` runs all of them and prints a table, `make test` the short ones.
"""
