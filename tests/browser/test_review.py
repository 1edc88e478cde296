"""A topic that was done long ago comes back, is graded, and is gone until its next day."""

import json

from playwright.sync_api import expect

LONG_AGO = "2026-01-10T12:00:00Z"


def long_done(topic):
    return {
        "topic": topic,
        "state": "done",
        "stuck": False,
        "stuck_note": "",
        "source": "manual",
        "changed_at": LONG_AGO,
    }


def test_reviews_are_graded_one_after_the_other(any_page, server, newcomer, tmp_path):
    page = any_page
    newcomer.enter(page, server)
    page.goto("/settings/export/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download JSON").click()
    document = json.loads(download.value.path().read_text())
    document["topics"] = [long_done("vectors"), long_done("rise-over-run")]
    file = tmp_path / "long-done.json"
    file.write_text(json.dumps(document))
    page.goto("/settings/import/")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Show what would change").click()
    page.get_by_role("button", name="Import this").click()

    page.goto("/review/")
    page.get_by_role("button", name="Start reviews").click()
    expect(page.locator("#review")).to_contain_text("1 more today")
    first = page.locator("#review-title").inner_text()
    page.get_by_role("button", name="Good · ").click()

    expect(page.locator("#review-title")).not_to_have_text(first)
    expect(page.locator("#review")).to_contain_text("the last one for today")
    page.get_by_role("button", name="Again · ").click()

    expect(page.get_by_role("heading", name="Nothing to review today")).to_be_visible()
    page.goto("/topics/vectors/")
    expect(page.get_by_role("button", name="Done", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
