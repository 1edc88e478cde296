"""The filled database has a row in every table of ours, and what the schema's examples name."""

import pytest
from django.apps import apps

from tests.filled import fill

pytestmark = pytest.mark.django_db


def test_no_table_of_ours_is_empty(catalog):
    fill()

    tables = [*apps.get_app_config("catalog").get_models()]
    tables += apps.get_app_config("tracker").get_models()
    assert [table.__name__ for table in tables if not table._default_manager.exists()] == []
