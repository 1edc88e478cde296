"""`manage.py resume`: what a restored site may do again."""

from typing import Any

from django.core.management.base import BaseCommand

from tracker.actions.silence import speak_again


class Command(BaseCommand):
    help = "Lets a restored site send mail and call webhooks and chats again. May be repeated."

    def handle(self, *args: Any, **options: Any) -> None:
        if speak_again():
            self.stdout.write("Mail, webhooks and chats leave again.")
        else:
            self.stdout.write("Nothing was kept back.")
