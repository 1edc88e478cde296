"""What a test commits is gone for the next one, and the catalog is there."""

from catalog.models import CatalogVersion, Topic, Unit
from tests.factories import make_user
from tests.kept import give_back, read_rows


def test_every_table_gets_back_what_it_held(transactional_db, catalog):
    kept = read_rows()
    make_user()
    Unit.objects.all().delete()
    Topic.objects.filter(slug="vectors").update(title="Arrows")
    CatalogVersion.objects.move()
    changed = {model.__name__ for model, rows in read_rows().items() if rows != kept[model]}

    give_back(kept)

    assert changed >= {"User", "Unit", "Unit_topics", "Topic", "CatalogVersion"}
    assert read_rows() == kept
