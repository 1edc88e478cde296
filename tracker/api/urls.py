"""Addresses of everything personal under /api/v1/, and the index."""

from django.urls import path

from tracker.api import index, profile, progress, tokens

app_name = "tracker-api"
urlpatterns = [
    path("", index.Index.as_view(), name="index"),
    path("me/", profile.Me.as_view(), name="me"),
    path("me/topics/", progress.MyTopics.as_view(), name="my-topics"),
    path("me/topics/<slug:slug>/", progress.MyTopic.as_view(), name="my-topic"),
    path("me/tokens/", tokens.MyTokens.as_view(), name="my-tokens"),
    path("me/tokens/<slug:id>/", tokens.MyToken.as_view(), name="my-token"),
]
