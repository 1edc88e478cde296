"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path, re_path

from mlmath import csp_reports, health
from mlmath.rest.problem_pages import problem_detail, problem_list
from mlmath.rest.schema_views import DocsView, SchemaView
from mlmath.rest.views import unknown_address
from mlmath.robots import robots

urlpatterns = [
    # The pages that people look at all day; what is not among them takes a while to find out.
    path("", include("tracker.urls")),
    path("", include("catalog.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("catalog.api.urls")),
    path("api/v1/", include("tracker.api.urls")),
    path("api/v1/schema/", SchemaView.as_view(), name="api-schema"),
    path("api/v1/docs/", DocsView.as_view(), name="api-docs"),
    re_path(r"^api/", unknown_address, name="api-unknown"),
    path("problems/", problem_list, name="problem-list"),
    path("problems/<slug:slug>/", problem_detail, name="problem-detail"),
    path("admin/", admin.site.urls),
    path("health/live/", health.live, name="health-live"),
    path("health/ready/", health.ready, name="health-ready"),
    path("robots.txt", robots, name="robots"),
    path("csp-report", csp_reports.take, name="csp-report"),
]

handler400 = "mlmath.failures.bad_request"
handler403 = "mlmath.failures.permission_denied"
handler404 = "mlmath.failures.not_found"
handler500 = "mlmath.failures.server_error"
