"""nginx built with one changed file: an object file more, and the program linked anew."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import SimpleQueue

from staplelab.errors import LabError

#: no line numbers: a change that makes no other instructions makes no other object file
_FLAGS = "-O2 -g0 -Wno-error"
_CONFIGURE = (
    "--prefix=/usr/share/nginx",
    "--error-log-path=stderr",
    "--with-compat",
    "--with-http_ssl_module",
    "--with-http_v2_module",
    "--with-stream",
    "--with-stream_ssl_module",
    f"--with-cc-opt={_FLAGS}",
)
#: seconds; a compiler that loops over a mutant is a mutant that does not compile
_LONGEST = 120.0
#: seconds for all of nginx, which takes one minute
_WHOLE = 1800.0


class Tree:
    """Sources of nginx and what is built of them, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def nginx(self) -> Path:
        return self.folder / "objs" / "nginx"

    @classmethod
    def build(cls, sources: Path, folder: Path, *options: str) -> Tree:
        """Configured, with these options more, and built from a copy of the sources; LabError with
        the compiler's words.  Done once: what is there whole is taken."""
        made = cls(folder)
        if made.nginx.exists():
            return made
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(sources, folder, ignore=shutil.ignore_patterns("objs"))
        made._do("./configure", *_CONFIGURE, *options, longest=_WHOLE)
        made._do("make", f"-j{os.cpu_count()}", longest=_WHOLE)
        return made

    def copy(self, folder: Path) -> Tree:
        """Another one, to work in at the same time; times are kept, so that make makes nothing.
        What is there may be half changed, by a run that was killed, and goes."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder, copy_function=shutil.copy2)
        return Tree(folder)

    def _object(self, file: str) -> Path:
        return Path("objs", file).with_suffix(".o")

    def compile(self, file: str, text: str) -> bytes | None:
        """The object file of a source file with this text, which can be linked; None where it does
        not compile, or what it names is nowhere.  The program is that of nobody then (`link`)."""
        source, made = self.folder / file, self.folder / self._object(file)
        kept, times, before = source.read_text(), source.stat(), made.read_bytes()
        source.write_text(text)
        made.unlink()
        try:
            self._make(str(self._object(file)))
            self._make("objs/nginx")
            return made.read_bytes()
        except LabError:
            return None
        finally:
            source.write_text(kept)
            os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
            made.write_bytes(before)  # whoever wants the program links it anew

    @contextlib.contextmanager
    def changed(self, texts: Mapping[str, str]) -> Iterator[Path]:
        """While it lasts: the program with these source files in the place of those of the same
        names; LabError, with the compiler's words, where they cannot be built."""
        before = {file: self.original(file) for file in texts}
        kept = {file: (self.folder / file).read_text() for file in texts}
        times = {file: (self.folder / file).stat() for file in texts}
        try:
            for file, text in texts.items():
                (self.folder / file).write_text(text)
                (self.folder / self._object(file)).unlink()
            self._make("objs/nginx")
            yield self.nginx
        finally:
            for file, octets in before.items():
                (self.folder / file).write_text(kept[file])
                then = times[file]
                os.utime(self.folder / file, ns=(then.st_atime_ns, then.st_mtime_ns))
                (self.folder / self._object(file)).write_bytes(octets)
            self._make("objs/nginx")

    def link(self, file: str, octets: bytes) -> Path:
        """The program with this object file in the place of its own."""
        (self.folder / self._object(file)).write_bytes(octets)
        self._make("objs/nginx")
        return self.nginx

    def original(self, file: str) -> bytes:
        """The object file as it was built, while nothing else is linked."""
        return (self.folder / self._object(file)).read_bytes()

    def _make(self, goal: str) -> None:
        self._do("make", "-f", "objs/Makefile", goal)

    def _do(self, *argv: str, longest: float = _LONGEST) -> None:
        # a make above this one would pass its flags on
        environment = {name: text for name, text in os.environ.items() if name != "MAKEFLAGS"}
        try:
            done = subprocess.run(
                argv,
                cwd=self.folder,
                env=environment,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=longest,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise LabError(f"{' '.join(argv)}: it did not end within {longest:g} s") from None
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise LabError(f"{' '.join(argv)}: {said[-1] if said else done.returncode}")


def copies(base: Tree, folder: Path, count: int) -> SimpleQueue[Tree]:
    """So many of them, named after the folder, for whoever takes one and puts it back."""
    trees: SimpleQueue[Tree] = SimpleQueue()
    for number in range(count):
        trees.put(base.copy(folder.with_name(f"{folder.name}-{number}")))
    return trees
