"""Settings whose tokens are not there yet, and the files that keep them."""

import stat

import pytest

from gateway.errors import SettingsError
from gateway.secret import Secret
from gateway.settings import tokenfiles

TEXT = """
[bots.x]
server = "https://chat.example.com"
token_file = "tokens/x"
[callbacks.c]
service = "acme"
tokens_file = ["tokens/old", "tokens/new"]
tokens_env = ["HERE", "NOT_HERE"]
"""


@pytest.fixture
def file(tmp_path):
    """Give a settings file, with one of its token files beside it."""
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens/old").write_text("t0ken-0ld\n")
    path = tmp_path / "mattergate.toml"
    path.write_text(TEXT)
    path.chmod(0o600)
    return path


def test_what_is_not_there_is_left_out(file):
    """Files and variables alike; what is there is read as ever, and the files are told."""
    found = tokenfiles.load(file, {"HERE": "t0ken-env"})
    assert [one.reveal() for one in found.settings.callbacks["c"].tokens] == ["t0ken-env", "t0ken-0ld"]
    assert found.settings.bots["x"].token is None
    assert [(one.named, bool(one.token)) for one in found.files["callbacks.c"]] == [
        ("tokens/old", True), ("tokens/new", False),
    ]  # fmt: skip
    assert [one.path for one in found.files["bots.x"]] == [file.parent / "tokens/x"]


def test_other_faults_stay(file):
    """Only tokens may be missing."""
    file.write_text(TEXT + 'secrets = {key_file = "nowhere"}\ntokens = "a"\n')
    with pytest.raises(SettingsError) as error:
        tokenfiles.load(file, {})
    assert {fault.where for fault in error.value.faults} == {"callbacks.c.secrets.key_file", "callbacks.c.tokens"}
    file.write_text("[callbacks")
    with pytest.raises(SettingsError, match="not TOML"):
        tokenfiles.load(file, {})
    with pytest.raises(SettingsError, match="cannot be read"):
        tokenfiles.load(file.parent / "nowhere.toml", {})


def test_a_token_is_kept_for_its_owner_alone(file):
    """Its folder is made; a file that is there is replaced at once, whatever its mode was."""
    usual = tokenfiles.of_default(file.parent, "bots.y")
    assert usual.token is None
    for text in ("first-token", "second-token"):
        tokenfiles.keep(usual, Secret(text))
        assert usual.path.read_text() == f"{text}\n"
        assert stat.S_IMODE(usual.path.stat().st_mode) == 0o600
        usual.path.chmod(0o644)
    assert [one.name for one in usual.path.parent.iterdir() if one.name.startswith(".")] == []
    assert tokenfiles.of_default(file.parent, "bots.y").token == Secret("second-token")


def test_nothing_is_left_of_a_token_that_could_not_be_kept(file):
    """Neither the file nor a part of it."""
    (file.parent / "tokens/dir/inner").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        tokenfiles.keep(tokenfiles.of_default(file.parent, "dir"), Secret("t0ken"))
    assert [one.name for one in (file.parent / "tokens").iterdir() if one.name.startswith(".")] == []
