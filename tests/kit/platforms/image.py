"""Build and run an image without an engine: the instructions of a Dockerfile, over a tree.

The tree is this machine's own, under a layer that takes all that is written and is thrown away; a
virtual environment in its /usr/local stands for the Python of the base image, and sees the packages
that are installed here, so that pip finds them there. Everything else is done as the Dockerfile says.
An instruction that is not known here is refused. Orders are lines of JSON on stdin, answers on stdout.
Only root can do this, and on Linux only.

    unshare --mount --propagation private python tests/kit/platforms/image.py PLACE
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path
from typing import Any

ISOLATED = ["unshare", "--mount", "--propagation", "private"]
PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


class Image:
    """What a Dockerfile has made: a tree, and how a container of it starts."""

    def __init__(self, context: Path, place: Path) -> None:
        self.context, self.place, self.tree = context, place, place / "tree"
        self.folder, self.user = "/", "root"
        self.environment = {"PATH": PATH}
        self.entry: list[str] = []
        self.command: list[str] = []
        self.said = ""

    def build(self) -> None:
        """Carry out every instruction, in order."""
        text = re.sub(r"\\\n", "", (self.context / "Dockerfile").read_text())
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, rest = line.split(maxsplit=1)
                getattr(self, f"_{name.lower()}")(rest)

    def _from(self, image: str) -> None:
        assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", image), image
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.place], check=True)
        for name in ("tree", "upper", "work"):
            (self.place / name).mkdir()
        layers = f"lowerdir=/,upperdir={self.place}/upper,workdir={self.place}/work"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, self.tree], check=True)
        subprocess.run(["mount", "--rbind", "/proc", self.tree / "proc"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.tree / "dev"], check=True)
        for name in ("null", "zero", "random", "urandom"):
            (self.tree / "dev" / name).touch()
            subprocess.run(
                ["mount", "--bind", f"/dev/{name}", self.tree / "dev" / name], check=True
            )
        (self.tree / "dev" / "shm").mkdir()
        (self.tree / "dev" / "shm").chmod(0o1777)
        for name in ("passwd", "group"):  # a base image has no people
            known = self.tree / "etc" / name
            lines = known.read_text().splitlines()
            known.write_text("".join(f"{x}\n" for x in lines if int(x.split(":")[2]) < 1000))
        inside = self.tree / "usr" / "local"
        shutil.rmtree(inside, ignore_errors=True)
        base = Path(sys.base_prefix)
        for folder in (base, *base.parents):  # whoever runs the container may run its Python
            (self.tree / folder.relative_to("/")).chmod(0o755)
        subprocess.run(
            ["chroot", self.tree, sys.executable, "-I", "-m", "venv", "/usr/local"], check=True
        )
        [packages] = inside.glob("lib/*/site-packages")
        (packages / "here.pth").write_text(f"{sysconfig.get_path('purelib')}\n")

    def _workdir(self, folder: str) -> None:
        self.folder = folder
        self._inside(folder).mkdir(parents=True, exist_ok=True)

    def _copy(self, rest: str) -> None:
        *names, to = rest.split()
        place = self._inside(str(Path(self.folder, to)))
        for name in names:
            source = self.context / name
            target = place / name if to.endswith("/") else place
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, target)

    def _run(self, command: str) -> None:
        told = self._call(["/bin/sh", "-c", command])
        self.said += told.stdout + told.stderr
        assert told.returncode == 0, f"{command}\n{self.said}"

    def _env(self, rest: str) -> None:
        self.environment |= dict(one.split("=", 1) for one in shlex.split(rest))

    def _user(self, name: str) -> None:
        self.user = name

    def _entrypoint(self, rest: str) -> None:
        self.entry = json.loads(rest)

    def _cmd(self, rest: str) -> None:
        self.command = json.loads(rest)

    def _inside(self, path: str) -> Path:
        return self.tree / Path(path).relative_to("/")

    def _call(self, words: list[str], user: str = "", folder: str = "") -> Any:
        """Run something in the tree; a user by number has no home, as with `docker run --user`."""
        user = user or self.user
        home = {"root": "/root", "1000": "/home/grader"}.get(user, "/")
        settings = [
            f"{name}={value}" for name, value in (self.environment | {"HOME": home}).items()
        ]
        inside = ["sh", "-c", 'cd "$0" && exec "$@"', folder or self.folder, *words]
        who = [] if user == "root" else ["--userspec", user if ":" in user else f"{user}:{user}"]
        return subprocess.run(
            ["env", "-i", *settings, "chroot", *who, self.tree, *inside],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def run(
        self,
        words: list[str],
        submission: str = "",
        user: str = "",
        results: str = "",
        folder: str = "",
    ) -> dict[str, Any]:
        """Start a container: docker run -v SUBMISSION:/submission:ro -v RESULTS:/results.

        results  "read-only", "full", or "" for a folder that the user may write into
        """
        for name in ("submission", "results"):
            self._inside(f"/{name}").mkdir(exist_ok=True)
        read = self._inside("/submission")
        write = self._inside("/results")
        if submission:
            subprocess.run(["mount", "--bind", "-o", "ro", submission, read], check=True)
        kind = {"read-only": "ro", "full": "size=4k,nr_inodes=100"}.get(results, "size=9m")
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"mode=777,{kind}", "tmpfs", write], check=True
        )
        try:
            told = self._call([*self.entry, *(words or self.command)], user, folder)
            files = {path.name: path.read_text() for path in write.iterdir()}
        finally:
            for path in [write, *([read] if submission else [])]:
                subprocess.run(["umount", path], check=True)
        return {"status": told.returncode, "said": told.stdout + told.stderr, "files": files}


class Engine:
    """The process that builds and runs an image, from outside. Orders go in, answers come out."""

    def __init__(self, archive: Path) -> None:
        # Made and removed out here, where nothing is mounted in it.
        self._place = tempfile.TemporaryDirectory()
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(Path(self._place.name, "context"))
        Path(self._place.name, "layers").mkdir()
        Path(self._place.name).chmod(0o755)
        self._process = subprocess.Popen(
            [*ISOLATED, sys.executable, __file__, self._place.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()  # what it has mounted goes with it
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._place.cleanup()

    def run(self, *words: str, **options: str) -> Any:
        """Run a container with these arguments; options are those of Image.run.

        What is handed in is copied, so that any user may read it, whatever its modes are here.
        """
        if submission := options.get("submission"):
            copy = Path(tempfile.mkdtemp(dir=self._place.name)) / "submission"
            shutil.copytree(submission, copy)
            subprocess.run(["chmod", "-R", "a+rX", copy.parent], check=True)
            options["submission"] = str(copy)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"words": words, **options}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def main() -> None:
    place = Path(sys.argv[1])
    image = Image(place / "context", place / "layers")
    image.build()
    for line in sys.stdin:
        print(json.dumps(image.run(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
