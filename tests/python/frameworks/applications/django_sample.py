"""What the samples of all frameworks answer, in Django: one set of views, served by ASGI and by WSGI."""

import hashlib
import json

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import path, re_path
from django.views.decorators.http import require_GET, require_POST

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    INSTALLED_APPS=["django.contrib.sessions", "django.contrib.messages"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of a sample",
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
)
django.setup()
LARGE = [{"number": number, "name": f"item {number}"} for number in range(5000)]


def home(request):
    return HttpResponse("hello", content_type="text/plain")


def item(request, number):
    if request.method == "DELETE":
        return HttpResponse(status=204)
    if request.method == "PUT":
        try:
            return JsonResponse({"id": number, "item": json.loads(request.body)})
        except ValueError:
            return JsonResponse({"problem": "no JSON"}, status=400)
    return JsonResponse({"id": number, "q": request.GET.getlist("q"), "empty": request.GET.get("empty")})


def rest_of(request, rest):
    return HttpResponse(rest, content_type="text/plain")


@require_POST
def form(request):
    return JsonResponse(dict(request.POST))


async def upload(request):
    told = {"title": request.POST["title"]}
    for file in request.FILES.getlist("file"):
        told[file.name] = [file.content_type, file.size, hashlib.sha256(file.read()).hexdigest()]
    return JsonResponse(told)


def echo(request):
    return HttpResponse(request.body, content_type="application/octet-stream")


def large(request):
    return JsonResponse(LARGE, safe=False)


def stream(request):
    pieces = (f"line {number} {'.' * 1000}\n" for number in range(200))
    return StreamingHttpResponse(pieces, content_type="text/plain")


def cut(request):
    def failing():
        yield "first"
        raise RuntimeError("as it was asked to")

    return StreamingHttpResponse(failing(), content_type="text/plain")


def cookies(request):
    answer = JsonResponse(request.COOKIES)
    answer.set_cookie("seen", "yes", max_age=60, expires=None, httponly=True)
    del answer.cookies["seen"]["expires"]  # it tells the time
    answer.set_cookie("second", "a b")
    return answer


def redirect(request):
    return HttpResponseRedirect("/items/7", status=303)


def empty(request):
    return HttpResponse(status=204)


def teapot(request):
    return HttpResponse("short and stout", status=418, headers={"X-Pot": "tea"})


@require_GET
def failure(request):
    raise RuntimeError("as it was asked to")


def fields(request):
    return JsonResponse({name.lower(): value for name, value in request.headers.items() if name.startswith("X-")})


def begun(request):
    raise Http404("Django has no lifespan")


def scope(request):
    told = {"uri": request.build_absolute_uri(), "method": request.method, "client": request.META["REMOTE_ADDR"]}
    return JsonResponse(told)


urlpatterns = [
    path("", home),
    path("items/<int:number>", item),
    re_path("^path/(?P<rest>.*)$", rest_of),
    path("form", form),
    path("upload", upload),
    path("echo", echo),
    path("large", large),
    path("stream", stream),
    path("cut", cut),
    path("cookies", cookies),
    path("redirect", redirect),
    path("empty", empty),
    path("teapot", teapot),
    path("failure", failure),
    path("fields", fields),
    path("begun", begun),
    path("scope", scope),
]
asgi = get_asgi_application()
wsgi = get_wsgi_application()
