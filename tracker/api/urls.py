"""Addresses of everything personal under /api/v1/, and the index."""

from django.urls import path

from tracker.api import (
    exchange,
    history,
    index,
    notes,
    plan,
    profile,
    progress,
    reviews,
    sessions,
    tokens,
    units,
)

app_name = "tracker-api"
urlpatterns = [
    path("", index.Index.as_view(), name="index"),
    path("me/", profile.Me.as_view(), name="me"),
    path("me/topics/", progress.MyTopics.as_view(), name="my-topics"),
    path("me/topics/<slug:slug>/", progress.MyTopic.as_view(), name="my-topic"),
    path("me/units/", units.MyUnits.as_view(), name="my-units"),
    path("me/units/<slug:resource>/<slug:unit>/", units.MyUnit.as_view(), name="my-unit"),
    path("me/plan/", plan.MyPlan.as_view(), name="my-plan"),
    path("me/gap/", plan.MyGap.as_view(), name="my-gap"),
    path("me/sessions/", sessions.MySessions.as_view(), name="my-sessions"),
    path("me/sessions/<slug:id>/", sessions.MySession.as_view(), name="my-session"),
    path("me/timer/", sessions.MyTimer.as_view(), name="my-timer"),
    path("me/timer/stop/", sessions.MyStoppedTimer.as_view(), name="my-timer-stop"),
    path("me/activity/", history.MyActivity.as_view(), name="my-activity"),
    path("me/activity/<slug:batch>/undo/", history.MyUndo.as_view(), name="my-undo"),
    path("me/streak/", history.MyStreak.as_view(), name="my-streak"),
    path("me/reviews/", reviews.MyReviews.as_view(), name="my-reviews"),
    path("me/reviews/<slug:slug>/", reviews.MyReview.as_view(), name="my-review"),
    path(
        "me/reviews/<slug:slug>/postpone/",
        reviews.MyPostponedReview.as_view(),
        name="my-postponed-review",
    ),
    path("me/notes/<slug:slug>/", notes.MyNote.as_view(), name="my-note"),
    path("me/export/", exchange.MyExport.as_view(), name="my-export"),
    path("me/import/", exchange.MyImport.as_view(), name="my-import"),
    path("me/tokens/", tokens.MyTokens.as_view(), name="my-tokens"),
    path("me/tokens/<slug:id>/", tokens.MyToken.as_view(), name="my-token"),
]
