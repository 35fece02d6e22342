"""The catalog: the services of some folders. A new service or event is a new file, and no existing line changes.

A service is read and compiled when it is first asked for, and stays as long as its files do. A faulty document takes
its own service out, never another one.
"""

from collections.abc import Collection, Iterable, Set

from gateway.catalog import files
from gateway.catalog.build import build, described
from gateway.catalog.files import Folders
from gateway.catalog.kinds import SERVICE, Text
from gateway.catalog.service import Service
from gateway.catalog.translator import TRANSLATOR
from gateway.errors import CatalogError, Fault
from gateway.language.template import Engine


class Catalog:
    """The services of `folders` as they are now, of which the first is the built-in one and the others lie over it.

    `needed` are the services that requests may be for: one that is gone or faulty goes on as it last was in `before`,
    and the generic translator speaks for it when it never was good. `services` are those that are compiled, `faults`
    why some of them are not as their files are now, `folder_faults` which folders cannot be looked at.
    """

    def __init__(self, folders: Folders, needed: Iterable[str] = (), before: "Catalog | None" = None) -> None:
        self._folders = folders
        self._listing = files.scan(folders)
        self.needed = set(needed)
        self.folder_faults = self._listing.folder_faults
        self.faults: dict[str, tuple[Fault, ...]] = {}
        self.services: dict[str, Service] = {}
        self._descriptions: dict[str, Service] = {}
        if before is not None:
            self._take_over(before)

    @property
    def keys(self) -> Set[str]:
        """Every service that there is, compiled or not."""
        return self._listing.services.keys() | self.services.keys()

    def __contains__(self, key: object) -> bool:
        return key in self._listing.services or key in self.services

    def service(self, key: str) -> Service | None:
        """The service of this key, None when there is none. Compiles it at first: not for the event loop then."""
        if key not in self.services and (key in self or key in self.needed):
            self._compile(key, None)
        return self.services.get(key)

    def descriptions(self) -> dict[str, Service]:
        """Every service as its own document describes it, without translators: for lists. Not for the event loop."""
        for key in self.keys - self._descriptions.keys():
            text = self._texts(key, (SERVICE,))[0].get(SERVICE)
            self._descriptions[key] = described(key, text)[0] if text else Service.undescribed(key)
        return self._descriptions

    def translators(self, key: str) -> list[str]:
        """The names of a service's translators ("github/push"), also of one that is not compiled."""
        return [
            f"{key}/{name}"
            for name in self._listing.services.get(key, ())
            if name != SERVICE and name.rpartition("/")[0] == TRANSLATOR.folder
        ]

    def all_faults(self) -> list[Fault]:
        """Every fault of the folders and of the services that were asked for."""
        return [*self.folder_faults, *(fault for key in sorted(self.faults) for fault in self.faults[key])]

    def forget(self) -> None:
        """Let go of the services that no request needs: they were looked at."""
        for key in list(self.services.keys() - self.needed):
            del self.services[key]
            self.faults.pop(key, None)

    def _take_over(self, before: "Catalog") -> None:
        """Keep what is compiled and has not changed; compile again what has."""
        for key, service in list(before.services.items()):
            same = self._listing.services.get(key) == before._listing.services.get(key)
            if same and key not in before.faults and key not in self._listing.faults:
                self.services[key] = service
            elif key in self or key in self.needed:
                self._compile(key, service)

    def _compile(self, key: str, last: Service | None) -> None:
        texts, faults = self._texts(key)
        made = Service.undescribed(key)
        if SERVICE in texts:
            made, wrong = build(key, texts, Engine(), last)
            faults += wrong
        if faults:
            self.faults[key] = tuple(faults)
            made = last or made.with_documents({})
        self.services[key] = made

    def _texts(self, key: str, names: Collection[str] = ()) -> tuple[dict[str, Text], list[Fault]]:
        """The documents of a service (of these names) as they are now; what cannot be read is a fault."""
        faults = list(self._listing.faults.get(key, ()))
        stamps = self._listing.services.get(key)
        if stamps is None and not faults:
            remedy = "put its folder back, or correct the routes that name it"
            faults.append(Fault(str(self._folders[-1] / key), 0, "", "the catalog has no such service", remedy))
        texts = {}
        for name, stamp in (stamps or {}).items():
            if names and name not in names:
                continue
            try:
                texts[name] = Text(f"{key}/{name}", files.read(stamp.path), str(stamp.path))
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
                faults.append(Fault(str(stamp.path), 0, "", f"cannot be read: {why}", "let the gateway read it"))
        return texts, faults


def load(folders: Folders, only: Collection[str] | None = None) -> Catalog:
    """The catalog of these folders with every service compiled; with `only`, those alone.

    Raises CatalogError with every fault.
    """
    known = Catalog(folders)
    for key in sorted(known.keys) if only is None else only:
        known.service(key)
    if faults := known.all_faults():
        raise CatalogError(faults)
    return known
