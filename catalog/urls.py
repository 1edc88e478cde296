"""Addresses of the public catalog."""

from django.urls import path

from catalog.views import landing, library, paths, roles, search

app_name = "catalog"
urlpatterns = [
    path("", landing.landing, name="landing"),
    path("roles/", roles.role_list, name="role-list"),
    path("roles/compare/", roles.compare, name="role-compare"),
    path("roles/<slug:slug>/", roles.role_detail, name="role-detail"),
    path("library/", library.library, name="library"),
    path("paths/", paths.path_list, name="path-list"),
    path("paths/<slug:slug>/", paths.path_detail, name="path-detail"),
    path("search/", search.results, name="search"),
]
