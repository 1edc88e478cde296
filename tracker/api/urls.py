"""Addresses of everything personal under /api/v1/, and the index."""

from django.urls import include, path

from tracker.api import (
    answers,
    assignment_progress,
    assignments,
    cohorts,
    exchange,
    feeds,
    group_progress,
    groups,
    history,
    index,
    invitations,
    mail,
    meeting_dates,
    meetings,
    members,
    notes,
    notices,
    plan,
    profile,
    progress,
    questions,
    readers,
    reviews,
    schedule,
    sessions,
    tokens,
    units,
    webhooks,
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
    path("me/notes/", notes.MyNotes.as_view(), name="my-notes"),
    path("me/notes/<slug:slug>/", notes.MyNote.as_view(), name="my-note"),
    path("me/feeds/", feeds.MyFeeds.as_view(), name="my-feeds"),
    path("me/feeds/replace/", feeds.MyReplacedFeeds.as_view(), name="my-replaced-feeds"),
    path("me/export/", exchange.MyExport.as_view(), name="my-export"),
    path("me/import/", exchange.MyImport.as_view(), name="my-import"),
    path("me/tokens/", tokens.MyTokens.as_view(), name="my-tokens"),
    path("me/tokens/<slug:id>/", tokens.MyToken.as_view(), name="my-token"),
    # Groups: the directory, one group, its members, the ways in.
    path("groups/", groups.Groups.as_view(), name="groups"),
    path("groups/<slug:id>/", groups.Group.as_view(), name="group"),
    path("groups/<slug:id>/members/", members.Members.as_view(), name="members"),
    path("groups/<slug:id>/members/<slug:member>/", members.Member.as_view(), name="member"),
    path(
        "groups/<slug:id>/members/<slug:member>/readiness/",
        members.Readiness.as_view(),
        name="member-readiness",
    ),
    path("groups/<slug:id>/requests/", members.JoinRequests.as_view(), name="join-requests"),
    path("groups/<slug:id>/requests/mine/", members.MyJoinRequest.as_view(), name="my-request"),
    path(
        "groups/<slug:id>/requests/<slug:person>/",
        members.AskedToJoin.as_view(),
        name="join-request",
    ),
    path("groups/<slug:id>/bans/", members.Bans.as_view(), name="bans"),
    path("groups/<slug:id>/bans/<slug:person>/", members.Banned.as_view(), name="ban"),
    path("groups/<slug:id>/invitations/", invitations.Invitations.as_view(), name="invitations"),
    path(
        "groups/<slug:id>/invitations/<slug:invitation>/",
        invitations.OneInvitation.as_view(),
        name="invitation",
    ),
    path("join/", invitations.Join.as_view(), name="join"),
    # A group's assignments.
    path("groups/<slug:id>/copy/", cohorts.GroupCopy.as_view(), name="group-copy"),
    path("groups/<slug:id>/assignments/", assignments.Assignments.as_view(), name="assignments"),
    path(
        "groups/<slug:id>/assignments/plan/",
        schedule.AssignmentPlan.as_view(),
        name="assignment-plan",
    ),
    path(
        "groups/<slug:id>/assignments/shift/",
        schedule.AssignmentShift.as_view(),
        name="assignment-shift",
    ),
    path(
        "groups/<slug:id>/assignments/plan/<slug:batch>/undo/",
        schedule.UndonePlan.as_view(),
        name="plan-undo",
    ),
    path(
        "groups/<slug:id>/assignments/shift/<slug:batch>/undo/",
        schedule.UndoneShift.as_view(),
        name="shift-undo",
    ),
    path(
        "groups/<slug:id>/assignments/publish/",
        schedule.PublishedDrafts.as_view(),
        name="publish-drafts",
    ),
    path(
        "groups/<slug:id>/assignments/<slug:assignment>/",
        assignments.OneAssignment.as_view(),
        name="assignment",
    ),
    path(
        "groups/<slug:id>/assignments/<slug:assignment>/restore/",
        assignments.RestoredAssignment.as_view(),
        name="assignment-restore",
    ),
    path(
        "groups/<slug:id>/assignments/<slug:assignment>/move/",
        assignments.MovedAssignment.as_view(),
        name="assignment-move",
    ),
    path(
        "groups/<slug:id>/assignments/<slug:assignment>/mine/",
        assignment_progress.MyAssignment.as_view(),
        name="my-assignment",
    ),
    path(
        "groups/<slug:id>/assignments/<slug:assignment>/members/<slug:member>/",
        assignment_progress.OwnDate.as_view(),
        name="own-date",
    ),
    # A group's progress.
    path("me/assignments/", group_progress.MyAssignments.as_view(), name="my-assignments"),
    path(
        "groups/<slug:id>/progress/",
        group_progress.ProgressOfGroup.as_view(),
        name="group-progress",
    ),
    path(
        "groups/<slug:id>/members/<slug:member>/nudge/",
        group_progress.MemberNudge.as_view(),
        name="member-nudge",
    ),
    # A group's questions.
    path("groups/<slug:id>/questions/", questions.Questions.as_view(), name="questions"),
    path("groups/<slug:id>/questions/mine/", readers.MyQuestions.as_view(), name="my-questions"),
    path(
        "groups/<slug:id>/questions/<slug:question>/",
        include(
            [
                path("", questions.OneQuestion.as_view(), name="question"),
                path("versions/", questions.QuestionVersions.as_view(), name="question-versions"),
                path("accepted/", questions.AcceptedAnswer.as_view(), name="question-accepted"),
                path("pinned/", questions.PinnedQuestion.as_view(), name="question-pinned"),
                path("locked/", questions.LockedQuestion.as_view(), name="question-locked"),
                path("mine/", readers.MyQuestion.as_view(), name="my-question"),
                path("answers/", answers.Answers.as_view(), name="answers"),
                path("answers/<slug:answer>/", answers.OneAnswer.as_view(), name="answer"),
                path(
                    "answers/<slug:answer>/versions/",
                    answers.AnswerVersions.as_view(),
                    name="answer-versions",
                ),
            ]
        ),
    ),
    # A group's meetings.
    path("groups/<slug:id>/meetings/", meetings.Meetings.as_view(), name="meetings"),
    path(
        "groups/<slug:id>/meetings/<slug:meeting>/",
        include(
            [
                path("", meetings.OneMeeting.as_view(), name="meeting"),
                path("restore/", meetings.RestoredMeeting.as_view(), name="meeting-restore"),
                path("rsvp/", meeting_dates.MyRsvp.as_view(), name="meeting-rsvp"),
                path("dates/", meeting_dates.MeetingDates.as_view(), name="meeting-dates"),
                path(
                    "dates/<slug:day>/", meeting_dates.OneMeetingDate.as_view(), name="meeting-date"
                ),
                path(
                    "dates/<slug:day>/notes/",
                    meeting_dates.MeetingNotes.as_view(),
                    name="meeting-notes",
                ),
            ]
        ),
    ),
    path(
        "groups/<slug:id>/assignments/<slug:assignment>/presenter/",
        meeting_dates.ChapterPresenter.as_view(),
        name="presenter",
    ),
    # Where a group tells what happens.
    path("groups/<slug:id>/webhooks/", webhooks.Webhooks.as_view(), name="webhooks"),
    path(
        "groups/<slug:id>/webhooks/<slug:webhook>/",
        webhooks.WebhookOfGroup.as_view(),
        name="webhook",
    ),
    path(
        "groups/<slug:id>/webhooks/<slug:webhook>/secret/",
        webhooks.WebhookSecret.as_view(),
        name="webhook-secret",
    ),
    path(
        "groups/<slug:id>/webhooks/<slug:webhook>/test/",
        webhooks.WebhookTest.as_view(),
        name="webhook-test",
    ),
    path(
        "groups/<slug:id>/webhooks/<slug:webhook>/enable/",
        webhooks.EnabledWebhook.as_view(),
        name="webhook-enable",
    ),
    path(
        "groups/<slug:id>/webhooks/<slug:webhook>/deliveries/",
        webhooks.Deliveries.as_view(),
        name="deliveries",
    ),
    path(
        "groups/<slug:id>/webhooks/<slug:webhook>/deliveries/<slug:delivery>/redeliver/",
        webhooks.Redelivery.as_view(),
        name="redelivery",
    ),
    # Notices and mail.
    path("me/mail/", mail.MyMail.as_view(), name="my-mail"),
    path("me/notices/", notices.MyNotices.as_view(), name="my-notices"),
    path("me/notices/<slug:id>/", notices.MyNotice.as_view(), name="my-notice"),
]
