"""Addresses of the catalog under /api/v1/."""

from django.urls import path

from catalog.api import paths, resources, roles, search, subjects, topics

app_name = "catalog-api"
urlpatterns = [
    path("subjects/", subjects.SubjectList.as_view(), name="subject-list"),
    path("subjects/<slug:slug>/", subjects.SubjectDetail.as_view(), name="subject-detail"),
    path("topics/", topics.TopicList.as_view(), name="topic-list"),
    path("topics/<slug:slug>/", topics.TopicDetail.as_view(), name="topic-detail"),
    path("roles/", roles.RoleList.as_view(), name="role-list"),
    path("roles/<slug:slug>/", roles.RoleDetail.as_view(), name="role-detail"),
    path("roles/<slug:slug>/graph/", roles.RoleGraph.as_view(), name="role-graph"),
    path("resources/", resources.ResourceList.as_view(), name="resource-list"),
    path("resources/<slug:slug>/", resources.ResourceDetail.as_view(), name="resource-detail"),
    path("resources/<slug:slug>/units/", resources.UnitList.as_view(), name="unit-list"),
    path("paths/", paths.PathList.as_view(), name="path-list"),
    path("paths/<slug:slug>/", paths.PathDetail.as_view(), name="path-detail"),
    path("search/", search.Search.as_view(), name="search"),
]
