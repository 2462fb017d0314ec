"""What the web process serves as pages, and under which headers."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from huifang.headers import SecurityHeaders
from huifang.pages import serve_pages

pytestmark = pytest.mark.unit


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    for name in ("admin_web", "patient_web"):
        dist = tmp_path / name / "dist"
        (dist / "assets").mkdir(parents=True)
        (dist / "index.html").write_text(name)
        (dist / "assets" / "a.js").write_text(f"// {name}")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "patient_web" / "dist" / ".huifang-stamp").write_text("hidden")
    app = FastAPI()
    app.add_middleware(SecurityHeaders, frame_ancestors="'self' https://hospital.example")
    serve_pages(app, tmp_path / "admin_web" / "dist", tmp_path / "patient_web" / "dist")
    return TestClient(app)


class TestPages:
    @pytest.mark.parametrize(
        ("path", "text"),
        [("/", "admin_web"), ("/patients/7", "admin_web"), ("/chats", "admin_web"), ("/chat", "patient_web"),
         ("/chat/", "patient_web"), ("/chat/anything", "patient_web"), ("/assets/a.js", "// admin_web"),
         ("/chat/assets/a.js", "// patient_web")],
    )  # fmt: skip
    def test_each_address_has_its_page(self, client: TestClient, path: str, text: str) -> None:
        assert client.get(path).text == text

    @pytest.mark.parametrize("path", ["/chat/..%2f..%2fsecret.txt", "/..%2f..%2fsecret.txt", "/chat/.huifang-stamp"])
    def test_no_file_outside_the_build_is_served(self, client: TestClient, path: str) -> None:
        assert client.get(path).text in {"admin_web", "patient_web"}

    @pytest.mark.parametrize("path", ["/assets/gone.js", "/chat/assets/gone.js", "/api/none"])
    def test_what_is_not_there_is_not_a_page(self, client: TestClient, path: str) -> None:
        assert client.get(path).status_code == 404

    def test_pages_that_were_not_built_say_what_to_do(self, tmp_path: Path) -> None:
        app = FastAPI()
        serve_pages(app, tmp_path / "admin_web" / "dist", tmp_path / "patient_web" / "dist")
        answer = TestClient(app).get("/chat/")
        assert answer.status_code == 503
        assert "patient_web" in answer.text


class TestHeaders:
    def test_only_the_chat_may_be_framed_and_only_by_the_sites_named(self, client: TestClient) -> None:
        staff, chat = client.get("/").headers, client.get("/chat/").headers
        assert staff["x-frame-options"] == "DENY"
        assert staff["content-security-policy"].endswith("frame-ancestors 'none'")
        assert "x-frame-options" not in chat
        assert chat["content-security-policy"].endswith("frame-ancestors 'self' https://hospital.example")

    def test_the_pages_may_ask_for_the_microphone_and_for_nothing_else(self, client: TestClient) -> None:
        for path in ("/", "/chat/"):
            assert client.get(path).headers["permissions-policy"] == "camera=(), geolocation=(), microphone=(self)"
