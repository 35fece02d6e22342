"""The catalog: the services of some folders. A new service or event is a new file, and no existing line changes.

A service is read and compiled at first use, and stays compiled while its files are unchanged. A faulty document affects
its own service only.
"""

from collections.abc import Collection, Iterable, Mapping, Set

from gateway.catalog import files
from gateway.catalog.build import build, described
from gateway.catalog.files import Folders
from gateway.catalog.fragments import FragmentTexts, KnownFragments
from gateway.catalog.kinds import FRAGMENTS, ITSELF, SERVICE, Kind, Text
from gateway.catalog.outline import Outlines, outlined
from gateway.catalog.service import Service
from gateway.catalog.translator import TRANSLATOR
from gateway.errors import CatalogError, Fault
from gateway.language.template import Engine


class Catalog:
    """The services of `folders` as they are now; the first folder is the built-in one, the others override it.

    `needed` are the services that requests may be for: one that is gone or faulty keeps its version in `before`, and
    the generic translator speaks for one without a good version. `services` are the compiled services, `faults` the
    reasons why some of them are not as their files are now, `folder_faults` those of folders that cannot be listed.
    """

    def __init__(self, folders: Folders, needed: Iterable[str] = (), before: "Catalog | None" = None) -> None:
        self._folders = folders
        self._listing = files.scan(folders)
        self.needed = set(needed)
        self.folder_faults = self._listing.folder_faults
        self.faults: dict[str, tuple[Fault, ...]] = {}
        self.services: dict[str, Service] = {}
        self._descriptions: dict[str, Service] = {}
        self._outlines = Outlines()
        self._fragment_texts: FragmentTexts = FragmentTexts({}) if before is None else before._fragment_texts
        if before is not None:
            self._take_over(before)

    @property
    def keys(self) -> Set[str]:
        """The keys of all services, compiled or not, also of those whose folder cannot be read."""
        return self._listing.services.keys() | self._listing.faults.keys() | self.services.keys()

    def __contains__(self, key: object) -> bool:
        """Whether there is such a service, or requests may be for it."""
        return key in self.needed or key in self.keys

    def is_like(self, other: "Catalog") -> bool:
        """Whether files and faults are the same."""
        return self._listing == other._listing and self.faults == other.faults

    def service(self, key: str) -> Service | None:
        """The service of this key, None when there is none. The first call compiles it: not for the event loop."""
        if key not in self.services and key in self:
            self._compile(key, None)
        return self.services.get(key)

    def used(self, key: str) -> Service | None:
        """The service of a request, if it is compiled already; it stays compiled."""
        self.needed.add(key)
        return self.services.get(key)

    def descriptions(self) -> dict[str, Service]:
        """Every service as its own document describes it, without translators: for lists. Not for the event loop."""
        known = dict(self._descriptions)
        for key in self.keys - known.keys():
            text = self._texts(key, (SERVICE,))[0].get(SERVICE)
            known[key] = described(key, text)[0] if text else Service.undescribed(key)
        self._descriptions = known  # at once: others read it in other threads
        return known

    def outlines(self) -> Outlines:
        """The outline of every service, read at the first call and when its files change. Not for the event loop."""
        known, described = dict(self._outlines), self.descriptions()
        if described.keys() == known.keys():
            return self._outlines
        for key in described.keys() - known.keys():
            names = [name for name in self._listing.services.get(key, ()) if "/" not in name and name != SERVICE]
            known[key] = outlined(described[key], self._texts(key, names)[0] if names else {})
        self._outlines = Outlines(sorted(known.items()))  # at once, as the descriptions
        return self._outlines

    def translators(self, key: str) -> list[str]:
        """The names of a service's translators ("github/push"), also of one that is not compiled."""
        return self.named(key, TRANSLATOR)

    def named(self, key: str, kind: Kind) -> list[str]:
        """The names of a service's documents of a kind, also of one that is not compiled."""
        return [
            f"{key}/{name}"
            for name in self._listing.services.get(key, ())
            if name not in ITSELF and name.rpartition("/")[0] == kind.folder
        ]

    def all_faults(self) -> list[Fault]:
        """Every fault of the folders and of the services that were compiled; that of a fragment once."""
        every = (fault for key in sorted(self.faults) for fault in self.faults[key])
        return [*self.folder_faults, *dict.fromkeys(every)]

    def fragment_faults(self) -> list[Fault]:
        """Every fault of the fragments, used or not. Not for the event loop."""
        fragments, faults = self._fragments()
        return [*faults, *fragments.all_faults()]

    def close_faults(self, key: str) -> list[Fault]:
        """What a close reading finds in the documents of a compiled service without faults. Not for the event loop."""
        from gateway.catalog import reading  # slow to import, needed by commands only

        service = self.services.get(key)
        return [] if service is None or key in self.faults else reading.faults(service, self._texts(key)[0])

    def close_fragment_faults(self) -> list[Fault]:
        """What a close reading finds in the fragments without faults. Not for the event loop."""
        from gateway.catalog import reading

        known, _ = self._fragments()
        return [fault for source, inputs in known.compiled() for fault in reading.fragment_faults(source, inputs)]

    def forget(self) -> None:
        """Drop the compiled services that are not `needed`."""
        for key in list(self.services.keys() - self.needed):
            del self.services[key]
            self.faults.pop(key, None)

    def _take_over(self, before: "Catalog") -> None:
        """Keep the compiled services that have not changed; compile the others again."""
        unchanged = self._listing.fragments == before._listing.fragments
        for key, outline in before._outlines.items():
            if self._listing.services.get(key) == before._listing.services.get(key):
                self._outlines[key] = outline
        for key, service in list(before.services.items()):
            same = self._listing.services.get(key) == before._listing.services.get(key)
            same = same and (unchanged or not service.fragments.used)
            if same and key not in before.faults and key not in self._listing.faults:
                self.services[key] = service
            elif key in self:
                self._compile(key, service)

    def _compile(self, key: str, last: Service | None) -> None:
        texts, faults = self._texts(key)
        service = Service.undescribed(key)
        if SERVICE in texts:
            try:
                fragments, unread = self._fragments()
                service, wrong = build(key, texts, Engine(), last, fragments)
                faults += unread
            except Exception as error:  # no document may keep the others from being read
                problem = f"cannot be compiled: {type(error).__name__}: {error}"
                wrong = [Fault(texts[SERVICE].file, 0, "", problem, "this is a fault of mattergate, please report it")]
            faults += wrong
        if faults:
            self.faults[key] = tuple(faults)
            service = last or service.with_documents({})
        self.services[key] = service

    def _texts(self, key: str, names: Collection[str] = ()) -> tuple[dict[str, Text], list[Fault]]:
        """The documents of a service (only `names`, if given) as they are now; an unreadable one is a fault."""
        faults = list(self._listing.faults.get(key, ()))
        stamps = self._listing.services.get(key)
        if stamps is None and not faults:
            remedy = "put its folder back, or correct the routes that name it"
            faults.append(Fault(str(self._folders[-1] / key), 0, "", "the catalog has no such service", remedy))
        chosen = {name: stamp for name, stamp in (stamps or {}).items() if not names or name in names}
        texts, unread = _read(key, chosen)
        return texts, faults + unread

    def _fragments(self) -> tuple[KnownFragments, list[Fault]]:
        """The fragments as they are now; an unreadable one is a fault. Those that did not change stay compiled."""
        texts, faults = _read(FRAGMENTS, self._listing.fragments)
        if texts != self._fragment_texts.texts:
            self._fragment_texts = FragmentTexts(texts)
        return KnownFragments(self._fragment_texts), faults


def _read(folder: str, stamps: Mapping[str, files.Stamp]) -> tuple[dict[str, Text], list[Fault]]:
    """The texts of documents by name, and a fault for each that cannot be read."""
    texts, faults = {}, []
    for name, stamp in stamps.items():
        try:
            texts[name] = Text(f"{folder}/{name}", files.read(stamp.path), str(stamp.path))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(_unreadable(str(stamp.path), error))
    return texts, faults


def _unreadable(file: str, error: OSError | UnicodeDecodeError) -> Fault:
    if isinstance(error, OSError):
        return Fault(file, 0, "", f"cannot be read: {error.strerror}", "let the gateway read it")
    line = error.object.count(b"\n", 0, error.start) + 1
    return Fault(file, line, "", "cannot be read: it is not UTF-8", "save it as UTF-8")


def load(folders: Folders, only: Collection[str] | None = None) -> Catalog:
    """The catalog of these folders with every service compiled; with `only`, those alone.

    Raises CatalogError with every fault.
    """
    known = Catalog(folders)
    for key in sorted(known.keys) if only is None else only:
        known.service(key)
    if faults := list(dict.fromkeys([*known.all_faults(), *(known.fragment_faults() if only is None else ())])):
        raise CatalogError(faults)
    return known
