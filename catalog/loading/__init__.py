"""Content files → rows. Argument parsing is the command's job."""

from catalog.loading.faults import CatalogFaulty, Fault
from catalog.loading.load import DATA_DIR, LoadReport, load_catalog

__all__ = ["DATA_DIR", "CatalogFaulty", "Fault", "LoadReport", "load_catalog"]
