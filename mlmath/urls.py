"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from mlmath import health

urlpatterns = [
    path("", include("catalog.urls")),
    path("", include("tracker.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("health/live/", health.live, name="health-live"),
    path("health/ready/", health.ready, name="health-ready"),
]

handler400 = "mlmath.failures.bad_request"
handler403 = "mlmath.failures.permission_denied"
handler404 = "mlmath.failures.not_found"
handler500 = "mlmath.failures.server_error"
