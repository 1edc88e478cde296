"""REST doors to the catalog: public, read only, the same for everyone."""
