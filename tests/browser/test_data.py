"""Everything comes back: export, delete the account, sign up, import."""

from playwright.sync_api import expect

from tests.browser.steps import new_email, sign_up


def test_an_account_survives_its_own_end(any_page, tmp_path):
    page, email = any_page, new_email()
    sign_up(page, email=email)
    page.goto("/roadmap/data-scientist/")
    page.locator("#tick-vectors").click()
    expect(page.locator("#m-vectors")).to_have_attribute("data-state", "done")
    page.goto("/settings/")
    page.get_by_label("Role you are working toward").select_option("data-scientist")
    page.get_by_role("button", name="Save").click()
    page.goto("/today/")
    before = page.locator("#next").inner_text()

    page.goto("/settings/export/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download JSON").click()
    file = tmp_path / "mlmath.json"
    download.value.save_as(file)
    page.goto("/settings/delete/")
    page.get_by_label("Your password").fill("a nabla walks into a bar")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("erased within a day")).to_be_visible()

    sign_up(page, email=email)
    page.goto("/settings/import/")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Show what would change").click()
    page.get_by_role("button", name="Import this").click()
    expect(page.get_by_text("Imported.")).to_be_visible()

    page.goto("/today/")
    assert page.locator("#next").inner_text() == before
