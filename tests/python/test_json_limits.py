"""The limits of JSON in a request body, on the wire."""

import pytest

from pelton import App, LimitsConfig, ServerConfig
from pelton.testing import TestClient


@pytest.mark.parametrize("n", [1, 20, 4300])
def test_LIM_061_json_number_bytes_max(n: int) -> None:
    app = App(server=ServerConfig(limits=LimitsConfig(max_json_number=n)))
    app.add_route("/", lambda request: len(str(request.json())), ["POST"])
    client = TestClient(app)

    def status(digits: int) -> int:
        headers = {"content-type": "application/json"}
        return client.post("/", content=b"7" * digits, headers=headers).status_code

    # json_number_bytes_max at n - 1, n and n + 1
    if n > 1:
        assert status(n - 1) == 200
    assert status(n) == 200
    assert status(n + 1) == 400
