"""The three steps of the beginning: role, what one knows, pace."""

import pytest

from tracker.models import Activity, Source, TopicProgress


def states(user):
    rows = TopicProgress.objects.filter(user=user)
    return dict(rows.values_list("topic__slug", "state"))


def test_role_is_chosen_and_leads_to_the_next_step(catalog, ada, ada_browser):
    response = ada_browser.post("/start/", {"role": "data-scientist"})

    ada.refresh_from_db()
    assert response["Location"] == "/start/topics/"
    assert ada.role.slug == "data-scientist"


def test_role_page_has_every_role_and_what_it_takes(catalog, ada, ada_browser):
    ada_browser.post("/start/", {"role": "nlp-engineer"})

    page = ada_browser.get("/start/").content.decode()

    for role in catalog.roles:
        assert f'value="{role}"' in page
    assert 'value="nlp-engineer" checked' in page
    assert "55 topics · 278 h · 6.5 months at 1½ h a day" in page


@pytest.mark.parametrize("sent", [{}, {"role": "astrologer"}, {"role": "\0"}])
def test_role_that_does_not_exist_gets_the_form_again(catalog, ada, ada_browser, sent):
    response = ada_browser.post("/start/", sent)

    ada.refresh_from_db()
    assert response.status_code == 422
    assert "errorlist" in response.content.decode()
    assert ada.role is None


def test_known_topics_are_ticked_with_what_they_rest_on_in_one_step(catalog, ada, ada_browser):
    response = ada_browser.post(
        "/start/topics/",
        {"topic": ["vectors", "probability-basics"], "with_prerequisites": "1"},
    )

    assert states(ada) == {
        "algebra-and-functions": "done",
        "vectors": "done",
        "probability-basics": "done",
    }
    batch = Activity.objects.values_list("batch", flat=True).distinct().get()
    assert response["Location"] == f"/start/pace/?undo={batch}"
    assert set(TopicProgress.objects.values_list("source", flat=True)) == {Source.SELF_ASSESSMENT}


def test_known_topics_are_ticked_alone_when_asked(catalog, ada, ada_browser):
    ada_browser.post("/start/topics/", {"topic": ["vectors"]})

    assert states(ada) == {"vectors": "done"}


def test_known_page_shows_what_is_done_and_unticking_takes_it_back(catalog, ada, ada_browser):
    ada_browser.post("/start/topics/", {"topic": ["vectors", "derivatives"]})
    page = ada_browser.get("/start/topics/").content.decode()
    assert 'value="vectors" checked' in page
    assert 'name="shown_as_done" value="vectors"' in page
    assert "(follows from what you know)" in page

    ada_browser.post(
        "/start/topics/",
        {"topic": ["derivatives"], "shown_as_done": ["vectors", "derivatives"]},
    )

    assert states(ada) == {"vectors": "todo", "derivatives": "done"}


def test_known_page_left_as_it_was_changes_nothing(catalog, ada, ada_browser):
    ada_browser.post("/start/topics/", {"topic": ["vectors"]})
    count = Activity.objects.count()

    # Done in another tab meanwhile, so this page did not show it.
    ada_browser.post("/topics/derivatives/mark/", {"state": "done"})
    response = ada_browser.post(
        "/start/topics/",
        {"topic": ["vectors"], "shown_as_done": ["vectors"], "with_prerequisites": "1"},
    )

    assert states(ada) == {"vectors": "done", "derivatives": "done"}
    assert Activity.objects.count() == count + 1
    assert response["Location"] == "/start/pace/"


def test_known_page_without_a_role_has_every_topic(catalog, ada_browser):
    page = ada_browser.get("/start/topics/").content.decode()

    assert page.count('name="topic"') == 110
    assert "with a role" in page


def test_known_page_has_the_topics_of_the_role(catalog, ada_browser):
    ada_browser.post("/start/", {"role": "machine-learning-engineer"})

    page = ada_browser.get("/start/topics/").content.decode()

    assert page.count('name="topic"') == 34


def test_known_topic_that_does_not_exist_is_a_bad_request(catalog, ada, ada_browser):
    response = ada_browser.post("/start/topics/", {"topic": ["vectors", "numerology"]})

    assert response.status_code == 400
    assert "not in the catalog" in response.content.decode()
    assert states(ada) == {}


@pytest.mark.parametrize(
    ("pace", "minutes", "expected"),
    [("90", "", 90), ("other", "75", 75), ("30", "45", 45), ("undecided", "", None)],
)
def test_pace_is_a_preset_or_a_number(catalog, ada, ada_browser, pace, minutes, expected):
    response = ada_browser.post(
        "/start/pace/",
        {
            "pace": pace,
            "minutes": minutes,
            "study_days": ["mon", "thu"],
            "time_zone": "Europe/Lisbon",
        },
    )

    ada.refresh_from_db()
    assert response["Location"] == "/today/"
    assert ada.minutes_per_day == expected
    assert ada.study_days == ["mon", "thu"]
    assert ada.time_zone == "Europe/Lisbon"


def test_preset_replaces_a_number_typed_before(catalog, ada, ada_browser):
    fields = {"study_days": ["mon"], "time_zone": "UTC"}
    ada_browser.post("/start/pace/", fields | {"pace": "other", "minutes": "75"})

    ada_browser.post("/start/pace/", fields | {"pace": "60", "minutes": "75"})

    ada.refresh_from_db()
    assert ada.minutes_per_day == 60


@pytest.mark.parametrize(
    "wrong",
    [
        {"study_days": []},
        {"study_days": ["someday"]},
        {"pace": "other", "minutes": ""},
        {"pace": "other", "minutes": "0"},
        {"pace": "other", "minutes": "1441"},
        {"pace": "other", "minutes": "many"},
        {"pace": "fast"},
        {"time_zone": "Mars/Olympus_Mons"},
        {"time_zone": "\0"},
    ],
)
def test_pace_that_does_not_fit_gets_the_form_again(catalog, ada, ada_browser, wrong):
    fields = {"pace": "60", "study_days": ["mon"], "time_zone": "UTC"}

    response = ada_browser.post("/start/pace/", fields | wrong)

    ada.refresh_from_db()
    assert response.status_code == 422
    assert "errorlist" in response.content.decode()
    assert ada.minutes_per_day is None


def test_pace_page_proposes_the_zone_of_the_browser_only_at_first(catalog, ada, ada_browser):
    assert "data-guess-time-zone" in ada_browser.get("/start/pace/").content.decode()
    ada.time_zone = "Asia/Tokyo"
    ada.save()

    page = ada_browser.get("/start/pace/").content.decode()

    assert "data-guess-time-zone" not in page
    assert '<option value="Asia/Tokyo" selected>' in page


def test_time_zone_with_an_old_name_is_kept(catalog, ada, ada_browser):
    ada.time_zone = "EST5EDT"
    ada.save()

    page = ada_browser.get("/start/pace/").content.decode()

    assert '<option value="EST5EDT" selected>' in page


def test_every_step_can_be_skipped(catalog, ada_browser):
    for path, onward in [
        ("/start/", "/start/topics/"),
        ("/start/topics/", "/start/pace/"),
        ("/start/pace/", "/today/"),
    ]:
        assert (
            f'<a class="button" href="{onward}">Skip</a>' in ada_browser.get(path).content.decode()
        )
