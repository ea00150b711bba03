"""pelton with a WSGI application: in its pool of threads, and inline on the loop's thread."""

_RUN = ["{pelton}", "run", "hosted_wsgi:app", "--interface", "wsgi", "--app-dir", "{here}", "--port", "{port}"]

CONTENDERS = {
    "pelton WSGI, epoll": {"command": [*_RUN, "--engine", "epoll"]},
    "pelton WSGI, uring": {"command": [*_RUN, "--engine", "uring"]},
    "pelton WSGI, epoll, inline": {"command": [*_RUN, "--engine", "epoll", "--wsgi-inline"]},
    "pelton WSGI, uring, inline": {"command": [*_RUN, "--engine", "uring", "--wsgi-inline"]},
}
