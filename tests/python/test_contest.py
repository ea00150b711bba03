"""The questions of benchmarks/versus: who takes part, and what is made for them."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import contenders  # noqa: E402
import payloads  # noqa: E402

PEERS = ("aiohttp", "BlackSheep", "Cello", "Falcon", "FastAPI", "Litestar", "Robyn", "Sanic", "Starlette")


def names_of(question: str) -> list[str]:
    return [contender.name for contender in contenders.contenders_of(question)]


def test_every_question_of_the_framework_has_pelton_on_both_engines_first_and_peers_after() -> None:
    asked = [name for name in contenders.questions() if name.startswith("framework_")]
    assert len(asked) == 9
    told = set()
    for question in asked:
        names = names_of(question)
        own = [name for name in names if name.startswith("pelton")]
        assert names[: len(own)] == own
        assert {"pelton Python, epoll, sync", "pelton Python, uring, sync"} <= set(own)
        told |= {peer for peer in PEERS if any(name.startswith(peer) for name in names)}
        assert len(names) > len(own) + 2, question
    assert told == set(PEERS)


def test_the_features_of_frameworks_are_asked_of_nobody_else() -> None:
    for question in ("json", "param", "post"):
        names = names_of(question)
        assert "Sanic" not in names
        assert "pelton Python, epoll" in names


SERVERS = ("fastpysgi", "granian", "gunicorn, asgi worker", "gunicorn, uvicorn worker", "hypercorn", "uvicorn")


def test_every_question_of_hosting_has_pelton_on_both_engines_first_and_other_servers_after() -> None:
    asked = [name for name in contenders.questions() if name.startswith("hosted_asgi_")]
    assert len(asked) == 4
    for question in asked:
        names = names_of(question)
        own = [name for name in names if name.startswith("pelton")]
        assert names[: len(own)] == own
        assert {"pelton ASGI, epoll", "pelton ASGI, uring"} <= set(own)
        others = {server for server in SERVERS if any(name.startswith(server) for name in names)}
        assert others >= set(SERVERS) - ({"fastpysgi"} if question == "hosted_asgi_websocket" else set())
    for question in ("hosted_wsgi_hello", "hosted_wsgi_upload"):
        assert names_of(question) == [
            *[f"pelton WSGI, {kind}" for kind in ("epoll", "uring", "epoll, inline", "uring, inline")],
            *["granian", "gunicorn, gthread", "fastpysgi", "uWSGI", "bjoern"],
        ]
    assert names_of("hosted_asgi_hello")[0] == "pelton async def, epoll"
    assert [name.partition(",")[0] for name in names_of("hosted_fastapi")] == ["FastAPI on pelton"] * 2 + ["FastAPI on uvicorn"]


def test_what_is_pinned_is_pinned_to_one_version() -> None:
    for question in contenders.questions():
        for contender in contenders.contenders_of(question):
            if question.startswith(("framework_", "hosted_")):
                assert all("==" in one for one in contender.requires), contender.name


def test_rusts_frameworks_answer_what_python_answers_and_are_built_from_a_lock_file() -> None:
    for question in ("json", "param", "post", "pipelined", "new_connection"):
        names = names_of(question)
        assert {"actix-web (Rust)", "axum (Rust)"} <= set(names)
        assert names.index("pelton Python, uring") < names.index("actix-web (Rust)")
    assert {one.split("==")[0] for one in contenders.locked_versions("rust")} >= {"actix-web", "axum", "serde"}


def test_payloads_are_made_once_and_are_what_the_questions_say(tmp_path: Path) -> None:
    upload = payloads.file(tmp_path, "upload.form")
    octets = upload.read_bytes()
    question = contenders.questions()["framework_upload"]
    head, _, rest = octets.partition(b"\r\n\r\n")
    assert head.startswith(b"--" + payloads.BOUNDARY.encode())
    assert question.fields["Content-Type"].endswith(f"boundary={payloads.BOUNDARY}")
    content = rest.removesuffix(f"\r\n--{payloads.BOUNDARY}--\r\n".encode())
    assert question.answer == f'{{"size":{len(content)}}}'
    assert payloads.BOUNDARY.encode() not in content
    made = upload.stat().st_mtime_ns
    assert payloads.file(tmp_path, "upload.form").stat().st_mtime_ns == made
    static = payloads.static(tmp_path)
    sizes = {path.name: path.stat().st_size for path in static.iterdir()}
    assert sizes == {"small.txt": 1024, "large.txt": 1024 * 1024}
