"""Grade hostile submissions, each as if it could hurt: `make hostile` prints the table.

As root everything happens in a mount namespace of its own, over a file system whose changes go to
memory and are thrown away, with an /autograder tree as in a grading container. What is written there
by anybody but the grader is then known to the file. As a plain user there is no such net below the
grader's own confinement.

    python tests/kit/proof/hostile.py                  the table of all of them
    python tests/kit/proof/hostile.py finding/         those whose name starts so
    python tests/kit/proof/hostile.py --serve          names on stdin, one line of JSON each on stdout
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.assignment.config import Assignment, LimitSettings, load
from autograder.formats import gradescope, whole_files
from autograder.grading.grade import Grader
from autograder.grading.report import Report, not_run
from autograder.proof.corpus import Attack, attacks, lay_out_attack
from autograder.proof.leaks import leaks
from checks.telling.plain import UNSHOWN
from checks.telling.wording import Verdict

ROOT = Path(__file__).resolve().parents[3]
QUESTIONS = ["q1", "q2", "q3", "q4", "q5", "q6"]
SHORT = LimitSettings(
    seconds_per_test=3.0,
    seconds_for_training=10.0,
    seconds_in_all=60.0,
    seconds_on_the_clock=200.0,
    memory_mb=600,
)
# An endless loop should cost seconds. Where a machine is so busy that right code misses these limits
# as well, the attack is graded again with ones that it meets.
LONG = LimitSettings(
    seconds_per_test=30.0,
    seconds_for_training=100.0,
    seconds_in_all=600.0,
    seconds_on_the_clock=2000.0,
    memory_mb=600,
)
LATE = 5  # times the limit in all: no busy machine adds so much
INSIDE = "--inside"
LEFT_OUT = r"(\S+\.py), lines? (\d+)(?: to (\d+))?: left out"


@dataclass(frozen=True)
class Result:
    """What became of an attack; `won` says how, if it did."""

    name: str
    tries: str
    points: float
    seconds: float
    won: list[str]


class Arena:
    """A place where a hostile submission is graded and watched."""

    def __init__(self, upper: int | None) -> None:
        home = Path("/autograder") if upper is not None else Path(tempfile.mkdtemp(prefix="arena-"))
        self._upper, self._home = upper, home
        self._submission, self._results = home / "submission", home / "results" / "results.json"
        self._results.parent.mkdir(parents=True, exist_ok=True)
        self._assignment = load(ROOT)
        self._grader = Grader(self._assignment)
        self._grader.grade(self._assignment.solution, ["q1"])  # whatever is made once, is made now
        self._before = self._changed()

    def close(self) -> None:
        self._grader.__exit__()
        if self._upper is None:
            shutil.rmtree(self._home, ignore_errors=True)

    def grade(self, attack: Attack) -> Result:
        """Grade one attack; return what it earned, and every sign of a win."""
        result = self._grade(attack, SHORT)
        missed = attack.earns is not None and result.points < attack.earns
        return self._grade(attack, LONG) if missed else result

    def _grade(self, attack: Attack, limits: LimitSettings) -> Result:
        settings = self._assignment.settings.model_copy(update={"limits": limits})
        self._grader.assignment = Assignment(ROOT, settings)
        self._lay_out(attack)
        whole_files.write_json(
            gradescope.results(not_run(self._assignment, QUESTIONS, 1)), self._results
        )
        started = time.perf_counter()
        report = self._grader.grade(self._submission, QUESTIONS, seed=741_852_963)
        seconds = time.perf_counter() - started
        untouched = json.loads(self._results.read_text())["score"] == 0
        whole_files.write_json(gradescope.results(report), self._results)
        won = [
            *_wrong_points(attack, report),
            *_wrong_words(report, self._assignment),
            *_won_while_loading(report, self._submission),
            *([] if untouched else ["it has written results.json"]),
            *_wrong_file(self._results, len(QUESTIONS)),
            *(f"a file: {name}" for name in sorted(self._changed() - self._before)),
            *(f"a process: {name}" for name in _survivors(self._grader.user)),
            *([f"it took {seconds:.0f} s"] if seconds > LATE * limits.seconds_in_all else []),
        ]
        return Result(attack.name, attack.tries, report.points, round(seconds, 1), won)

    def _lay_out(self, attack: Attack) -> None:
        shutil.rmtree(self._submission, ignore_errors=True)
        self._submission.mkdir()
        lay_out_attack(attack, self._assignment, self._submission)

    def _changed(self) -> set[str]:
        """Return what was written anywhere but where the grader writes itself."""
        if self._upper is None:
            return set()
        found = set()
        for folder, folders, files, _ in os.fwalk(".", dir_fd=self._upper):
            if folder == ".":
                folders[:] = [name for name in folders if name != "autograder"]
            found |= {f"{folder}/{name}" for name in files}
        return found | {f"/dev/shm/{path.name}" for path in Path("/dev/shm").iterdir()}


def _wrong_points(attack: Attack, report: Report) -> Iterator[str]:
    if report.our_fault:
        ours = [o for q in report.questions for o in q.outcomes if o.verdict is Verdict.OUR_FAULT]
        details = [report.details, *(f"{o.test}: {o.details}" for o in ours)]
        yield f"it looks like our fault: {details[-1][-600:]}"
    if attack.earns is not None and report.points != attack.earns:
        yield f"{report.points:g} points instead of {attack.earns:g}"
    if attack.at_most is not None and report.points > attack.at_most:
        yield f"{report.points:g} points, more than {attack.at_most:g}"


def _wrong_words(report: Report, assignment: Assignment) -> Iterator[str]:
    """Find signs of a win in what anybody reads, and secrets in what a student does."""
    content = gradescope.results(report)
    everything = json.dumps(content, ensure_ascii=False)
    for found in re.findall(r"WON[^\\\"]{0,80}", everything):
        yield f"it says {found!r}"
    strange = {c for text in _texts(content) for c in text
               if c not in "\n\t" and unicodedata.category(c) in UNSHOWN}  # fmt: skip
    if strange:
        yield f"raw characters in the report: {sorted(strange)}"
    yield from leaks(report, assignment)


def _won_while_loading(report: Report, submission: Path) -> Iterator[str]:
    """Find statements that were to raise WON, and did: loading leaves out what fails, and its words.

    That a statement was left out is all that the report tells of it.
    """
    for file, first, last in re.findall(LEFT_OUT, "\n".join(report.notes)):
        path = submission / file
        lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
        statement = "\n".join(lines[int(first) - 1 : int(last or first)])
        if "WON" in statement:
            yield f"while loading: {statement!r}"


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for key, value in content.items():
            yield key
            yield from _texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from _texts(value)


def _wrong_file(path: Path, questions: int) -> Iterator[str]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        yield f"results.json: {error}"
        return
    if len(content["extra_data"]["questions"]) != questions:
        yield "results.json does not hold every question"


def _survivors(user: int | None) -> Iterator[str]:
    """Yield processes of the workers' own user: none is alive once a grading is over."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if user is not None and process.stat().st_uid == user:
                yield f"{process.name} {(process / 'cmdline').read_text()[:80]}"
        except OSError:
            continue


def enter_namespace() -> int:
    """Lay a file system in memory over this machine's, and move in; return the one above."""
    commands = """
        mount -t tmpfs tmpfs /mnt
        mkdir /mnt/upper /mnt/work /mnt/root
        mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
        mount --rbind /proc /mnt/root/proc
        mount --rbind /sys /mnt/root/sys
        mount --rbind /dev /mnt/root/dev
        mount -t tmpfs tmpfs /mnt/root/dev/shm
    """
    for command in commands.strip().splitlines():
        subprocess.run(command.split(), check=True)
    upper = os.open("/mnt/upper", os.O_RDONLY | os.O_DIRECTORY)
    os.chroot("/mnt/root")
    os.chdir("/")
    return upper


def main() -> None:
    arguments = sys.argv[1:]
    if INSIDE not in arguments and os.geteuid() == 0 and sys.platform == "linux":
        own = ["unshare", "--mount", "--propagation", "private", sys.executable, __file__, INSIDE]
        os.execvp("unshare", [*own, *arguments])
    upper = enter_namespace() if INSIDE in arguments else None
    known = {attack.name: attack for attack in attacks(load(ROOT))}
    arena = Arena(upper)
    try:
        if "--serve" in arguments:
            print("ready", flush=True)
            for line in sys.stdin:
                print(json.dumps(asdict(arena.grade(known[line.strip()]))), flush=True)
        else:
            starts = tuple(a for a in arguments if not a.startswith("--")) or ("",)
            show(arena, [a for a in known.values() if a.name.startswith(starts)])
    finally:
        arena.close()


def show(arena: Arena, chosen: list[Attack]) -> None:
    table = Table(
        "attack", "what it tries", "points", "seconds", "result", box=None, pad_edge=False
    )
    won = 0
    for number, attack in enumerate(chosen, start=1):
        result = arena.grade(attack)
        won += bool(result.won)
        verdict = "; ".join(result.won) if result.won else "nothing won"
        line = f"{number}/{len(chosen)}  {result.name}  {result.seconds} s  {verdict}"
        print(line, file=sys.stderr, flush=True)
        table.add_row(
            result.name, result.tries, f"{result.points:g}", f"{result.seconds:.1f}", verdict
        )
    Console(width=200, highlight=False).print(table)
    print(f"{len(chosen)} attacks, {won} of them successful")
    sys.exit(1 if won else 0)


if __name__ == "__main__":
    main()
