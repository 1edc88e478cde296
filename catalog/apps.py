from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """What there is to learn; knows no people."""

    name = "catalog"
    verbose_name = "Catalog"
