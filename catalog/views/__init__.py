"""The catalog's pages: public, the same for everyone but for the header, and without a query of
their own, since the graph in memory answers everything."""
