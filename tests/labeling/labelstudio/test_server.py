"""What the server's start refuses, with no Label Studio needed for it."""

import sys

import pytest

from negjudge.errors import NegjudgeError
from negjudge.labeling.labelstudio.server import is_running, serve

# Somebody else's server: it looks well, and knows nothing of our logins.
STRANGER = """#!{python}
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else {status})
        self.end_headers()
        self.wfile.write(b'{{"status": "UP"}}')
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def test_a_server_that_ends_at_once_is_reported(tmp_path):
    with (
        pytest.raises(NegjudgeError, match=r"ended while starting; .*server\.log says why"),
        serve(tmp_path / "server", "false", 0, ["anna"]),
    ):
        pass
    assert not is_running(tmp_path / "server")


@pytest.mark.parametrize("status", [200, 401])
def test_what_answers_must_be_ours_and_is_ended(tmp_path, status):
    program = tmp_path / "stranger"
    program.write_text(STRANGER.format(python=sys.executable, status=status))
    program.chmod(0o755)
    with (
        pytest.raises(NegjudgeError, match="is not the Label Studio of"),
        serve(tmp_path / "server", str(program), 0, ["anna"]),
    ):
        pass
    assert not is_running(tmp_path / "server")
