"""Addresses of everything that shows people."""

from django.urls import path

from tracker.views import (
    gap,
    history,
    notes,
    people,
    progress,
    resources,
    roadmap,
    sessions,
    start,
    statistics,
    timer,
    today,
    tokens,
    topics,
    units,
)

app_name = "tracker"
urlpatterns = [
    path("start/", start.choose_role, name="start"),
    path("start/topics/", start.choose_known, name="start-topics"),
    path("start/pace/", start.choose_pace, name="start-pace"),
    path("today/", today.today, name="today"),
    path("today/finish/", today.finish, name="finish"),
    path("today/next/", today.read_next, name="today-next"),
    path("gap/", gap.gap, name="gap"),
    path("timer/start/", timer.start, name="timer-start"),
    path("timer/stop/", timer.stop, name="timer-stop"),
    path("timer/discard/", timer.discard, name="timer-discard"),
    path("log/", sessions.log, name="log"),
    path("log/history/", history.history, name="history"),
    path("log/statistics/", statistics.statistics, name="statistics"),
    path("log/<slug:public_id>/", sessions.edit, name="session-edit"),
    path("log/<slug:public_id>/delete/", sessions.delete, name="session-delete"),
    path("roadmap/", roadmap.mine, name="roadmap-mine"),
    path("roadmap/<slug:slug>/", roadmap.roadmap, name="roadmap"),
    path("topics/<slug:slug>/", topics.topic_detail, name="topic-detail"),
    path("topics/<slug:slug>/mark/", progress.mark, name="topic-mark"),
    path("topics/<slug:slug>/note/", notes.save, name="note"),
    path("library/<slug:slug>/", resources.resource_detail, name="resource-detail"),
    path("library/<slug:resource>/<slug:unit>/mark/", units.mark, name="unit-mark"),
    path("library/<slug:resource>/<slug:unit>/topics/", units.mark_topics, name="unit-topics"),
    path("undo/<slug:batch>/", progress.undo, name="undo"),
    path("settings/", people.settings, name="settings"),
    path("settings/tokens/", tokens.tokens, name="tokens"),
    path("settings/tokens/<slug:public_id>/revoke/", tokens.revoke, name="token-revoke"),
]
