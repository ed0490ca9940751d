"""What of the lab stands in the twin's configuration: addresses, ports and files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from staplelab.drill import urls
from staplelab.drill.certificate_files import Files
from staplelab.parts.pki import Pki


@dataclass
class Ground:
    """The twin's own addresses, and its files, which are made as they are asked for."""

    #: ADDRESS:PORT for each of the original's sockets
    sockets: Mapping[str, str]
    #: ADDRESS:PORT of the stub's listener for each of the original's name servers
    name_servers: Mapping[str, str]
    ocsp_port: int
    ocsp_address: str
    pki: Pki
    folder: Path
    #: the twin's files by the names of the original's
    _made: dict[str, Path] = field(default_factory=dict)

    @property
    def files(self) -> Mapping[str, Path]:
        """The twin's files by the names of the original's."""
        return self._made

    def url(self, text: str) -> str:
        """A responder's URL, with the lab's responder behind it."""
        here = urls.Url(text).in_the_lab()
        here = here.replace(urls.PORT, str(self.ocsp_port))
        return here.replace(urls.ADDRESS, self.ocsp_address)

    def certificates(self, named: str, files: Files) -> Path:
        """The file that holds the twins of what the original's file holds."""
        if named not in self._made:
            ids = files.pki.files[named]
            octets = b"".join(self.pki.certificates[id_].file.read_bytes() for id_ in ids)
            self.put(named, octets, "pem")
        return self._made[named]

    def key(self, id_: str) -> Path:
        return self.pki.certificates[id_].private_key

    def put(self, named: str, octets: bytes, kind: str) -> Path:
        """A file of the twin in the place of that of the original."""
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"file-{len(self._made) + 1}.{kind}"
        path.write_bytes(octets)
        self._made[named] = path
        return path

    def secret(self, named: str, original: Path) -> Path:
        """A file of random octets, as large as the original, which is not opened."""
        if named not in self._made:
            try:
                size = original.stat().st_size
            except OSError:
                size = 80
            self.put(named, os.urandom(size if size in (48, 80) else 80), "key")
        return self._made[named]
