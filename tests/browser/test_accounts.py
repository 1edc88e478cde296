"""Ways into an account: passkey, authenticator app, a password that was forgotten."""

import re
import time

from playwright.sync_api import Page, expect

from tests.authenticator import code_of
from tests.browser.steps import PASSWORD, new_email, sign_in, sign_out, sign_up
from tests.server import PATIENCE_SECONDS, Server


def test_a_passkey_signs_in(page, server):
    with_a_key_in_the_device(page)
    email = new_email()
    sign_up(page, email=email)
    confirm_address(page, server, email)
    page.goto("/accounts/2fa/webauthn/add/")
    show_that_it_is_you(page)
    page.get_by_label("Name").fill("Thumb")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add this key").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_text("Thumb", exact=True)).to_be_visible()
    sign_out(page)

    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("heading", name="Emmy")).to_be_visible()


def test_a_cancelled_passkey_is_explained(page):
    page.goto("/accounts/login/")
    page.evaluate(
        """() => {
            const cancelled = new DOMException("", "NotAllowedError");
            navigator.credentials.get = () => Promise.reject(cancelled);
        }"""
    )

    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("status")).to_contain_text("You can try again.")


def confirm_address(page: Page, server: Server, email: str) -> None:
    page.goto(link_in_mail(server, email, "/accounts/confirm-email/"))
    page.get_by_role("button", name="Yes, it is mine").click()
    expect(page.get_by_role("heading", name="Is this your address?")).to_have_count(0)


def show_that_it_is_you(page: Page) -> None:
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def with_a_key_in_the_device(page: Page):
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return device


def test_an_authenticator_app_is_the_second_step(any_page, server):
    page, email = any_page, new_email()
    sign_up(page, email=email)
    confirm_address(page, server, email)
    page.goto("/accounts/2fa/totp/activate/")
    show_that_it_is_you(page)
    secret = page.get_by_label(re.compile("^The secret")).input_value()
    page.get_by_label("Authenticator code").fill(code_of(secret))
    page.get_by_role("button", name="Turn on the second step").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    recovery_code = page.get_by_label("Codes you have not used").input_value().split()[0]

    sign_out(page)
    sign_in(page, email=email)
    enter_the_second_step(page, code_of(secret))
    expect(page.get_by_role("heading", name="Emmy")).to_be_visible()
    sign_out(page)
    sign_in(page, email=email)
    enter_the_second_step(page, "000000")
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    enter_the_second_step(page, recovery_code)

    expect(page.get_by_role("heading", name="Emmy")).to_be_visible()


def enter_the_second_step(page: Page, code: str) -> None:
    expect(page.get_by_role("heading", name="The second step")).to_be_visible()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_forgotten_password_is_replaced_by_a_link_in_a_mail(any_page, newcomer, server):
    page, password = any_page, "two norms meet at a corner"
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email").fill(newcomer.email)
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()

    link = link_in_mail(server, newcomer.email, "/accounts/password/reset/")
    page.goto(link)
    for field in page.get_by_label("New password").all():
        field.fill(password)
    page.get_by_role("button", name="Save the new password").click()
    expect(page.get_by_role("heading", name="Your password is changed")).to_be_visible()

    sign_in(page, email=newcomer.email, password=password)
    expect(page.get_by_role("heading", name="Newcomer")).to_be_visible()
    sign_out(page)
    page.goto(link)
    expect(page.get_by_role("heading", name="This link does not work any more")).to_be_visible()


def link_in_mail(server: Server, email: str, path: str) -> str:
    """Where the mail leads that the worker sends a moment later."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for mail in server.mails:
            text = mail.get_body(("plain",)).get_content()
            found = re.search(rf"http://localhost:\d+{path}\S+", text)
            if mail["To"] == email and found:
                return found[0]
        time.sleep(0.1)
    raise AssertionError(f"No mail to {email}")


def test_the_longest_name_fits_everywhere(any_page):
    # The browser counts the owl as two of the 200 characters.
    name = ("Zoë 🦉 " + "Wolfeschlegelsteinhausenbergerdorff" * 6)[:199]
    any_page.set_viewport_size({"width": 390, "height": 844})
    sign_up(any_page, email=new_email(), name=name)

    for address in ("/today/", "/settings/", "/roadmap/data-scientist/"):
        any_page.goto(address)
        any_page.locator("details.menu summary").click()
        assert any_page.locator("html").evaluate("one => one.scrollWidth <= one.clientWidth")

    any_page.goto("/settings/")
    expect(any_page.get_by_label("Name")).to_have_value(name)
