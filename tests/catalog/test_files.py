"""The walk over folders: what is laid over what, and which folder cannot be used."""

import os

import pytest

from gateway.catalog import (
    catalog,  # noqa: F401 - the kinds of documents are registered by it
    files,
)
from tests.catalog.conftest import SERVICE, TRANSLATOR


def test_later_folders_are_laid_over_the_first_file_by_file(two, write, tmp_path):
    """A user's document replaces one of the same name, and others are added beside it."""
    mine = write("mine/a/one.yaml", TRANSLATOR % ("one", "mine"))
    more = write("mine/a/cards/item.yaml", "title: An item\n")
    listing = files.scan([*two, tmp_path / "mine"])
    paths = {name: stamp.path for name, stamp in listing.services["a"].items()}
    assert paths == {"cards/item": more, "one": mine, "service": two[0] / "a" / "service.yaml"}
    assert not listing.faults


def test_a_service_of_two_user_folders_is_a_fault_of_its_own(two, write, tmp_path):
    """Which of the two was meant nobody knows: the fault names both, and other services are not touched."""
    for folder in ("mine", "yours"):
        write(f"{folder}/a/one.yaml", TRANSLATOR % ("one", folder))
    listing = files.scan([*two, tmp_path / "mine", tmp_path / "yours"])
    [fault] = listing.faults["a"]
    assert (fault.file, fault.line) == (str(tmp_path / "yours" / "a" / "one.yaml"), 1)
    assert str(tmp_path / "mine" / "a") in fault.problem
    assert fault.remedy
    assert set(listing.faults) == {"a"}


def test_folders_that_are_not_there_or_are_files_are_told(two, write, tmp_path):
    """Each is one line with its remedy; the other folders are read."""
    file = write("note.txt", "")
    listing = files.scan([*two, tmp_path / "nowhere", file])
    missing, wrong = listing.folder_faults
    assert str(missing) == (
        f"{tmp_path / 'nowhere'}: this catalog folder does not exist "
        "(create it, let the gateway read it, or correct [catalog] folders)"
    )
    assert wrong.problem == "this catalog folder cannot be read: Not a directory"
    assert set(listing.services) == {"a", "b"}


def test_a_folder_without_permission_is_a_fault_of_its_service(two, monkeypatch):
    """The other service is listed; the operating system's word is passed on."""
    scandir = files.os.scandir

    def guarded(path):
        if path == two[0] / "a":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(files.os, "scandir", guarded)
    listing = files.scan(two)
    [fault] = listing.faults["a"]
    assert str(fault) == f"{two[0] / 'a'}: this folder cannot be read: Permission denied (let the gateway read it)"
    assert set(listing.services) == {"b"}


def test_translators_without_their_service_are_a_fault(write, tmp_path):
    """The document that describes the service has to be written."""
    write("mine/own/one.yaml", TRANSLATOR % ("one", "mine"))
    write("mine/own/cards/one.yaml", "")
    [fault] = files.scan([tmp_path / "mine"]).faults["own"]
    assert (fault.file, fault.problem) == (str(tmp_path / "mine" / "own"), "there is no service.yaml")


@pytest.mark.parametrize(
    "name",
    [
        "a/note.txt",
        "a/samples/one.usual.yaml",
        "a/cards/deeper/one.yaml",
        "stray.yaml",
        "a/._one.yaml",
        ".github/dependabot.yaml",
    ],
)
def test_other_files_are_no_documents(two, write, name):
    """Samples, notes and what lies deeper are passed over, and so is a folder without documents."""
    before = files.scan(two)
    write(f"base/{name}", SERVICE % "A")
    write("base/empty/readme.md", "")
    assert files.scan(two) == before


def test_a_link_in_a_circle_is_a_fault_of_its_service(two):
    """A folder that contains itself adds a service without documents, which is none; the others are listed."""
    (two[0] / "loop").symlink_to(two[0])
    (two[0] / "self").symlink_to(two[0] / "self")
    listing = files.scan(two)
    assert set(listing.services) == {"a", "b"}
    assert listing.faults["self"][0].problem == "this folder cannot be read: Too many levels of symbolic links"


def test_a_link_that_leads_nowhere_is_a_fault_of_its_service(two):
    """The fault names the link; the other documents of the service are listed."""
    for name, target in (("loop", "loop.yaml"), ("lost", "nowhere.yaml")):
        (two[0] / "a" / f"{name}.yaml").symlink_to(target)
    listing = files.scan(two)
    found = {(fault.file, fault.problem, bool(fault.remedy)) for fault in listing.faults["a"]}
    assert found == {
        (str(two[0] / "a/loop.yaml"), "this document cannot be read: Too many levels of symbolic links", True),
        (str(two[0] / "a/lost.yaml"), "this document does not exist", True),
    }
    assert set(listing.services["a"]) == {"service", "one"}


def test_what_is_no_file_or_too_large_is_a_fault_of_its_service(two):
    """Neither is read: a pipe would never end, and a large file fill the memory."""
    os.mkfifo(two[0] / "a" / "pipe.yaml")
    (two[0] / "a" / "zero.yaml").symlink_to("/dev/zero")
    with (two[0] / "a" / "large.yaml").open("wb") as large:
        large.truncate(files.LARGEST + 1)
    listing = files.scan(two)
    assert {fault.file.rpartition("/")[2]: fault.problem for fault in listing.faults["a"]} == {
        "pipe.yaml": "this is no file, as a document is",
        "zero.yaml": "this is no file, as a document is",
        "large.yaml": "this document is larger than 1,000,000 bytes",
    }
    assert set(listing.services["a"]) == {"service", "one"}


def test_samples_of_later_folders_replace_those_of_the_same_name(two, write, tmp_path):
    """Samples come by service and name."""
    write("base/a/samples/one.usual.yaml", "")
    other = write("base/b/samples/one.usual.yaml", "")
    mine = write("mine/a/samples/one.usual.yaml", "")
    assert files.samples([*two, tmp_path / "mine"]) == [("a", mine), ("b", other)]
