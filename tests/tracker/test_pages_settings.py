"""Settings: what somebody says about themselves, and their API tokens."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import make_token, make_user
from tracker.actions.tokens import use_token
from tracker.models import ApiToken

PROFILE = {
    "name": "Ada Lovelace",
    "role": "data-scientist",
    "pace": "90",
    "study_days": ["mon", "wed"],
    "days_off": "2026-12-25\n2026-12-24",
    "time_zone": "Europe/London",
    "show_dates": "on",
}


def test_profile_is_saved(catalog, ada, ada_browser):
    response = ada_browser.post("/settings/", PROFILE, follow=True)

    ada.refresh_from_db()
    assert "Saved." in response.content.decode()
    assert (ada.name, ada.role.slug, ada.minutes_per_day) == ("Ada Lovelace", "data-scientist", 90)
    assert (ada.study_days, ada.time_zone) == (["mon", "wed"], "Europe/London")
    assert ada.days_off == ["2026-12-24", "2026-12-25"]
    assert ada.show_dates


def test_profile_shows_what_is_saved(catalog, ada, ada_browser):
    ada_browser.post("/settings/", PROFILE | {"pace": "other", "minutes": "75"})

    page = ada_browser.get("/settings/").content.decode()

    assert 'value="Ada Lovelace"' in page
    assert 'value="75"' in page
    assert "2026-12-24\n2026-12-25" in page
    assert '<option value="data-scientist" selected>' in page


def test_days_off_may_be_spans(catalog, ada, ada_browser):
    ada_browser.post("/settings/", PROFILE | {"days_off": "2026-12-30 to 2027-01-02\n2026-05-01"})

    ada.refresh_from_db()
    assert ada.days_off == [
        "2026-05-01", "2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02",
    ]  # fmt: skip
    page = ada_browser.get("/settings/").content.decode()
    assert "2026-05-01\n2026-12-30 to 2027-01-02" in page


@pytest.mark.parametrize("span", ["2027-01-02 to 2026-12-30", "2026-01-01 to 2027-01-02"])
def test_span_that_ends_early_or_never_is_refused(catalog, ada, ada_browser, span):
    response = ada_browser.post("/settings/", PROFILE | {"days_off": span})

    assert response.status_code == 422
    assert "is no span" in response.content.decode()


def test_too_many_lines_of_days_off_are_refused(catalog, ada, ada_browser):
    response = ada_browser.post("/settings/", PROFILE | {"days_off": "2026-12-24\n" * 367})

    assert response.status_code == 422
    assert "Keep to 366 days off at most." in response.content.decode()


def test_what_is_left_out_is_cleared(catalog, ada, ada_browser):
    ada_browser.post("/settings/", PROFILE)

    ada_browser.post("/settings/", {"pace": "undecided", "study_days": ["sun"], "time_zone": "UTC"})

    ada.refresh_from_db()
    assert (ada.name, ada.role, ada.minutes_per_day) == ("", None, None)
    assert (ada.days_off, ada.show_dates) == ([], False)


@pytest.mark.parametrize("name", ["x" * 200, "Ada 🧮 Lovelace", "Ådå", "<b>Ada</b>"])
def test_names_of_all_kinds_are_kept(catalog, ada, ada_browser, name):
    ada_browser.post("/settings/", PROFILE | {"name": name})

    ada.refresh_from_db()
    assert ada.name == name
    assert ada_browser.get("/today/").status_code == 200
    assert "<b>Ada" not in ada_browser.get("/today/").content.decode()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"name": "Ada\0"}, "Null characters are not allowed."),
        ({"name": "Ada\tLovelace"}, "Remove line breaks and control characters."),
        ({"role": "astrologer"}, "Select a valid choice."),
        ({"days_off": "Christmas"}, "“Christmas” is no day."),
        ({"days_off": "2026-02-30"}, "“2026-02-30” is no day."),
        ({"days_off": "20261224"}, "“20261224” is no day."),
        ({"days_off": "2026-12-24\0"}, "is no day."),
        ({"study_days": []}, "Choose at least one day of the week."),
    ],
)
def test_profile_that_does_not_fit_gets_the_form_again(catalog, ada, ada_browser, wrong, sentence):
    response = ada_browser.post("/settings/", PROFILE | wrong)

    ada.refresh_from_db()
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert ada.role is None


def test_too_many_days_off_are_refused_by_the_field(catalog, ada, ada_browser):
    first = timezone.now().date()
    days = "\n".join((first + timedelta(days=n)).isoformat() for n in range(367))

    response = ada_browser.post("/settings/", PROFILE | {"days_off": days})

    assert response.status_code == 422
    assert "Keep to 366 days off at most." in response.content.decode()


def test_settings_lead_to_everything_about_the_account(catalog, ada_browser):
    page = ada_browser.get("/settings/").content.decode()

    for path in (
        "/settings/tokens/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/sessions/",
    ):
        assert f'href="{path}"' in page


def test_token_is_shown_once_and_works(catalog, ada, ada_browser):
    response = ada_browser.post(
        "/settings/tokens/", {"name": "laptop", "scopes": ["read", "write"], "days": "30"}
    )

    page = response.content.decode()
    secret = page.split('<pre class="code secret" tabindex="0"><code>')[1].split("<")[0]
    assert response["Cache-Control"] == "no-store"
    assert use_token(secret=secret).user == ada
    assert ApiToken.objects.get().scopes == ["read", "write"]
    again = ada_browser.get("/settings/tokens/").content.decode()
    assert secret not in again
    assert secret[:8] in again


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\0b"},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"days": "0"},
        {"days": "366"},
        {"days": "soon"},
    ],
)
def test_token_that_does_not_fit_is_not_made(catalog, ada_browser, wrong):
    fields = {"name": "laptop", "scopes": ["read"], "days": "30"}

    response = ada_browser.post("/settings/tokens/", fields | wrong)

    assert response.status_code == 422
    assert not ApiToken.objects.exists()


def test_token_beyond_the_limit_is_refused_with_a_sentence(catalog, ada, ada_browser):
    for _ in range(50):
        make_token(ada)

    response = ada_browser.post(
        "/settings/tokens/", {"name": "one more", "scopes": ["read"], "days": "1"}
    )

    assert response.status_code == 422
    assert "You have 50 tokens already." in response.content.decode()


def test_token_is_revoked(catalog, ada, ada_browser):
    new = make_token(ada)

    page = ada_browser.post(f"/settings/tokens/{new.token.public_id}/revoke/", follow=True)

    assert "The token is revoked" in page.content.decode()
    assert use_token(secret=new.secret) is None


def test_token_of_somebody_else_is_not_found(catalog, ada_browser):
    new = make_token(make_user())

    response = ada_browser.post(f"/settings/tokens/{new.token.public_id}/revoke/")

    assert response.status_code == 404
    assert use_token(secret=new.secret) is not None


@pytest.mark.parametrize("tokens", [1, 20])
def test_tokens_cost_four_queries(catalog, ada, ada_browser, count_queries, tokens):
    for _ in range(tokens):
        make_token(ada)

    with count_queries() as queries:
        ada_browser.get("/settings/tokens/")

    # The fourth is the account library's: which other sites one may sign in by.
    assert len(queries) == 4, queries
