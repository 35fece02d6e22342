"""A Mattermost release archive: checked before anything of it is on disk, then unpacked."""

import hashlib
import os
import re
import tarfile
import zlib
from dataclasses import dataclass
from functools import total_ordering
from pathlib import Path, PurePosixPath

from lifecycle.commands import Account, run
from lifecycle.files import own
from lifecycle.report import Failure

ROOT = "mattermost"
BINARY = f"{ROOT}/bin/mattermost"
FETCH = "fetch the archive again from https://releases.mattermost.com, and compare its SHA-256"


@total_ordering
@dataclass(frozen=True)
class Version:
    """A version such as 10.5.0 or 11.0.0-rc2, which comes before 11.0.0."""

    numbers: tuple[int, int, int]
    candidate: int | None = None

    @classmethod
    def find(cls, text: str) -> "Version | None":
        """The first version in a text."""
        found = re.search(r"(?<![\d.])(\d+)\.(\d+)\.(\d+)(?:-rc(\d+))?(?![\d.]*\d)", text)
        if not found:
            return None
        major, minor, patch, candidate = found.groups()
        return cls((int(major), int(minor), int(patch)), int(candidate) if candidate else None)

    def __str__(self) -> str:
        """As in the name of a release."""
        return ".".join(map(str, self.numbers)) + (f"-rc{self.candidate}" if self.candidate is not None else "")

    def same_release(self, name: str) -> bool:
        """Whether a name means this release: a candidate's program calls itself by the final version."""
        other = Version.find(name)
        return other is not None and other.numbers == self.numbers

    def __lt__(self, other: "Version") -> bool:
        """Whether this one was released before."""
        mine, theirs = (99999 if one.candidate is None else one.candidate for one in (self, other))
        return (self.numbers, mine) < (other.numbers, theirs)


@dataclass(frozen=True)
class Archive:
    """What is known about an archive without unpacking it; `size` is that of its files, in bytes."""

    path: Path
    version: Version
    size: int


def inspect(path: Path, checksum: str | None = None) -> Archive:
    """An archive that is whole, is a Mattermost release by name and content, and stays inside its folder.

    Raises:
        Failure: it is none of these, or its SHA-256 is not `checksum`.
    """
    version = Version.find(path.name)
    if not version:
        raise Failure(
            "the archive's name has no version", path, "name it mattermost-10.5.0-linux-amd64.tar.gz or alike"
        )
    try:
        with path.open("rb") as file:
            if checksum and hashlib.file_digest(file, "sha256").hexdigest() != checksum.strip().lower():
                raise Failure("the archive does not have the given SHA-256", path, FETCH)
            file.seek(0)
            with tarfile.open(fileobj=file, mode="r:gz") as tar:
                members = tar.getmembers()
    except OSError as error:
        raise Failure(f"the archive cannot be read: {error.strerror or error}", path, FETCH) from error
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise Failure(f"this is no whole .tar.gz: {error}", path, FETCH) from error
    links = {PurePosixPath(member.name) for member in members if member.issym()}
    for member in members:
        complaint = _complaint(member, links)
        if complaint:
            raise Failure(f"the archive is refused: {member.name!r} {complaint}", path, FETCH)
    if not any(PurePosixPath(member.name) == PurePosixPath(BINARY) and member.isreg() for member in members):
        raise Failure(f"this is no Mattermost server: {BINARY} is missing", path, "give a mattermost-*-linux-*.tar.gz")
    return Archive(path, version, sum(-(-member.size // 4096) * 4096 + 512 for member in members))


def _complaint(member: tarfile.TarInfo, links: set[PurePosixPath]) -> str | None:
    """Why a member must not be unpacked; None where it may."""
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or name.parts[:1] != (ROOT,):
        return f"lies outside {ROOT}/"
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        return "is neither file nor folder nor link"
    if member.mode & 0o6000:
        return "would run with the rights of somebody else (setuid)"
    if any(parent in links for parent in name.parents):
        return "lies behind a link"
    if member.issym() or member.islnk():
        base = "" if member.islnk() else str(name.parent)
        aim = os.path.normpath(os.path.join(base, member.linkname))  # noqa: PTH118 - pathlib does not resolve ".."
        if member.linkname.startswith("/") or PurePosixPath(aim).parts[:1] != (ROOT,):
            return f"links out of {ROOT}/"
    return None


def unpack(archive: Archive, target: Path, account: Account) -> None:
    """The content of the archive's root folder as `target`, which must not exist; owned by `account`."""
    target.mkdir(parents=True)
    options = ["--extract", "--gzip", "--strip-components=1", "--same-permissions", "--no-same-owner"]
    with archive.path.open("rb") as file:
        run(["tar", *options, "--directory", target], f"make room in {target.parent}", stdin=file)
    own(target, account)


def installed_version(folder: Path, account: Account, environment: dict[str, str]) -> Version:
    """What `bin/mattermost version` of an installed or unpacked release says.

    Raises:
        Failure: it cannot be run (another processor, a folder mounted noexec) or does not say.
    """
    do = "take the archive for this machine's processor, and see that its folder allows programs (no noexec)"
    command: list[str | Path] = [folder / "bin/mattermost", "version"]
    output = run(command, do, account=account, folder=folder, environment=environment, timeout=120)
    found = re.search(r"^Version:\s*(\S+)", output, re.M)
    version = Version.find(found[1]) if found else None
    if not version:
        raise Failure("`bin/mattermost version` does not name a version", folder / "bin/mattermost", do)
    return version
