"""Load a student's file as a module, and turn whatever goes wrong into a StudentError."""

from __future__ import annotations
import __future__

import ast
import builtins
import contextlib
import difflib
import functools
import importlib
import linecache
import operator
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

from torch import nn

from checks.code import cells, likely, needs
from checks.code.contract import MODULES, NAMES
from checks.code.forbidden import Findings, Forbidden, Use, look_through
from checks.telling import wording
from checks.telling.failures import Frame, StudentError, describe, student_error

# After these nothing of a file is to be trusted: memory is gone, somebody wants an end, a call was
# not allowed.
REFUSED = "a call that is not allowed"  # instead of an exception's name
FATAL = (MemoryError, KeyboardInterrupt, StudentError)


@dataclass(frozen=True)
class LeftOut:
    """Lines of a file that are no part of what is judged, since they cannot be read or run.

    error   what came of them
    kind    the type of the exception that running them ended with; "" where they cannot be read
    names   what they would have defined
    needed  whether something graded uses one of these names
    """

    first: int
    last: int
    error: StudentError
    kind: str
    names: frozenset[str]
    needed: bool


class Submission:
    """The student's files, each loaded once, and the names in them.

    sources    module name -> file: {"vit": .../vit.py, "train": .../train.py}
    forbidden  calls that do not count as the student's work
    known      what was found of these in the files of modules, where that is known already
    """

    def __init__(
        self,
        sources: dict[str, Path],
        forbidden: Sequence[Forbidden] = (),
        known: Mapping[str, Findings] | None = None,
    ) -> None:
        self.sources = sources
        self._forbidden = forbidden
        self._known = {sources[name]: found for name, found in (known or {}).items()}
        self._loaded: dict[Path, ModuleType | StudentError] = {}
        self._found: dict[Path, Findings] = {}  # what is forbidden and used, of what is loaded
        self._left_out: dict[Path, list[LeftOut]] = {}
        self.before_running: Callable[[], None] = lambda: None
        self.has_run = False  # any of the student's code

    @property
    def files(self) -> list[Path]:
        return list(self.sources.values())

    def module(self, name: str, with_vit: bool = True) -> ModuleType:
        """Return the student's module, or raise the StudentError that its loading ended with.

        with_vit  False: do not even try to load vit.py for a train.py that imports it
        """
        path = self.sources.get(name)
        if path is None:
            raise StudentError("not_found", wording.no_such_file(f"{name}.py"))
        if name == "train" and path not in self._loaded:
            self._provide_vit(with_vit)
        if path not in self._loaded:  # a notebook is one file for both names
            try:
                tree, unread = _parse(path)
                self._found[path] = self._findings(path, tree)
                self.before_running()
                self.has_run = True
                compares = bool(self._found[path].at_import)
                self._loaded[path], failed = _load(name, path, tree, self.files, compares)
                self._left_out[path] = [*unread, *failed]
            except StudentError as error:
                self._loaded[path] = error
        loaded = self._loaded[path]
        if isinstance(loaded, StudentError):
            raise loaded
        return loaded

    def findings(self) -> dict[str, Findings]:
        """Return what is forbidden and used in the files of all modules that can be read."""
        for path in set(self.files):
            with contextlib.suppress(StudentError):
                self._known[path] = self._findings(path, _parse(path)[0])
        return {
            name: self._known[path] for name, path in self.sources.items() if path in self._known
        }

    def _findings(self, path: Path, tree: ast.Module) -> Findings:
        if path in self._known:
            return self._known[path]
        with _readable(path):
            return look_through(tree, self._forbidden)

    def left_out(self, name: str) -> list[LeftOut]:
        """Return what is not judged of a module that is loaded, and that nothing graded needs."""
        return [part for part in self._left_out.get(self.sources[name], []) if not part.needed]

    def cause(self, error: BaseException) -> BaseException:
        """Return why a name is missing, where the statement that should have given it failed."""
        if isinstance(error, NameError):
            for part in (part for parts in self._left_out.values() for part in parts):
                if error.name in part.names:
                    return part.error
        return error

    def _provide_vit(self, try_it: bool) -> None:
        """Let train.py import from vit, even what is not there: vit.py pays for itself."""
        if try_it:
            with contextlib.suppress(StudentError):
                vars(self.module("vit")).setdefault("__getattr__", _vacant)
                return
        vacant = ModuleType("vit")
        vacant.__getattr__ = _vacant  # type: ignore[method-assign]  # PEP 562
        sys.modules["vit"] = vacant

    def lookup(self, module_name: str, name: str) -> object:
        """Return the student's function or class of that name."""
        module = self.module(module_name)
        path = self.sources[module_name]
        file = _shown(path)
        for use in self._found[path].by_name.get(name, []):
            raise forbidden_use(path, use)
        if name not in vars(module):
            self._blame_what_is_left_out(module_name, name)
            if path.name == "vit.py" and module_name != "vit":
                raise StudentError("absent", wording.absent_with_its_file(module_name, name))
            raise StudentError("absent", wording.absent(file, name, _similar(name, module)))
        value = getattr(module, name)
        if not callable(value):
            raise StudentError("absent", wording.not_callable(file, name, describe(value)))
        if name in MODULES and isinstance(value, type) and not issubclass(value, nn.Module):
            raise StudentError("absent", wording.no_module(file, name))
        return value

    def _blame_what_is_left_out(self, module_name: str, name: str) -> None:
        """Raise the error of what was left out, where a missing name is likely to be its fault."""
        parts = self._left_out.get(self.sources[module_name], [])
        nothing_else = not cells.GRADED & vars(self.module(module_name)).keys()
        for part in parts:
            if name in part.names or (nothing_else and part.kind):
                raise part.error

    @property
    def has_graded_uses(self) -> bool:
        """Whether what is forbidden is used by graded code, and so costs a question.

        A name that this file is not asked for costs nothing.
        """
        known = {m: self._found[path] for m, path in self.sources.items() if path in self._found}
        return any(
            found.by_name.get(name)
            for module, found in known.items()
            for name in NAMES.get(f"{module}.py", ())
        )

    def replace(self, module_name: str, name: str, value: object) -> dict[str, object]:
        """Put `value` wherever the module uses its `name`; return what stood there."""
        module = self.module(module_name)
        before = vars(module).get(name)
        same = [
            key for key, known in vars(module).items() if before is not None and known is before
        ]
        replaced = {alias: vars(module).get(alias) for alias in same or [name]}
        for alias in replaced:
            setattr(module, alias, value)
        return replaced


def _similar(name: str, module: ModuleType) -> list[str]:
    """Return the module's own functions and classes, the most alike first."""
    own = [
        key
        for key, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", None) == module.__name__
    ]
    alike = difflib.get_close_matches(name.lower(), [key.lower() for key in own], n=8, cutoff=0.0)
    return sorted(own, key=lambda key: alike.index(key.lower()) if key.lower() in alike else 99)[:8]


def _vacant(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    return type(name, (), {})


def forbidden_use(path: Path, use: Use) -> StudentError:
    """Return the error of a graded name that leads to a forbidden call."""
    text = linecache.getline(str(path), use.line).strip()
    frame = Frame(path.name, use.line, "", text)
    return StudentError("forbidden", wording.forbidden(use.name, use.instead), frames=[frame])


def left_out_note(path: Path, first: int, last: int, kind: str) -> str:
    """Tell the author of a file which lines are not judged, as an author counts them.

    Raises ValueError if the file has no such lines.
    """
    lines, file = path.read_text(encoding="utf-8", errors="replace").splitlines(), path.name
    if not 1 <= first <= last <= len(lines):
        raise ValueError(f"{file} has {len(lines)} lines")
    if file == cells.FILE:
        (file, first), (_, last) = cells.place(lines, first), cells.place(lines, last)
    known = kind in ("", REFUSED) or isinstance(getattr(builtins, kind, None), type)
    return wording.left_out(file, first, last, kind if known else "an exception")


def _load(
    name: str, path: Path, tree: ast.Module, files: list[Path], compares: bool
) -> tuple[ModuleType, list[LeftOut]]:
    """Run a file statement by statement, and leave out what fails.

    compares   a statement is seen to compare with what is forbidden: it is refused, and no more
    A demo at its end may want a graphics card, a window or a file that is not here, and takes nothing
    with it. What is needed of a statement that fails is missed where it is used.
    """
    _compile(path, tree)  # an error in one statement is one of the file
    module = ModuleType(name, ast.get_docstring(tree))
    module.__file__ = str(path)
    sys.modules[name] = module
    flags, failed = _future(tree), list[tuple[ast.stmt, str, StudentError]]()
    for node in tree.body:
        code = _compile(path, ast.Module([node], []), flags)
        try:
            _run(code, module)
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the student's as well
            told = _import_error(path, files, error)
            refused = isinstance(error, StudentError) and error.kind == "forbidden"
            if isinstance(error, FATAL) and not (refused and compares):
                sys.modules.pop(path.stem, None)
                raise told from None
            failed.append((node, REFUSED if refused else type(error).__name__, told))
    with _readable(path):
        return module, list(_as_left_out(tree, failed)) if failed else []


def _as_left_out(
    tree: ast.Module, failed: Sequence[tuple[ast.stmt, str, StudentError]]
) -> Iterator[LeftOut]:
    """Yield the statements that failed, with what each would have defined, and whether it is missed."""
    _, wanted = needs.needed(tree.body, cells.GRADED)
    for node, kind, error in failed:
        names, last = frozenset(needs.bound_by(node)), node.end_lineno or node.lineno
        yield LeftOut(node.lineno, last, error, kind, names, needed=bool(wanted & names))


def _run(code: CodeType, module: ModuleType) -> None:
    """Run a statement of the student's own, in the process meant for it."""
    try:
        exec(code, vars(module))
    except RuntimeError as error:
        if "torchvision::nms does not exist" not in str(error):
            raise
        # A CUDA build of torchvision beside a CPU build of torch: digits.py knows the remedy.
        importlib.import_module("digits").declare_missing_operators()
        exec(code, vars(module))


def _future(tree: ast.Module) -> int:
    """Return the compiler's flags for what a file imports from __future__."""
    names = {alias.name for node in tree.body
             if isinstance(node, ast.ImportFrom) and node.module == "__future__"
             for alias in node.names}  # fmt: skip
    return functools.reduce(operator.or_, (getattr(__future__, n).compiler_flag for n in names), 0)


def _import_error(path: Path, files: list[Path], error: BaseException) -> StudentError:
    if isinstance(error, SyntaxError) and str(error.filename) in map(str, files):
        return _syntax_error(Path(error.filename or path), error)
    found = student_error(error, files)
    if found.is_raised and isinstance(error, SystemExit):
        text = wording.stopped_at_import(_shown(path), "ended the program")
        return StudentError("unreadable", text, frames=found.frames)
    found.call = found.call or f"import {path.stem}"
    return found


def _shown(path: Path) -> str:
    return cells.NAME if path.name == cells.FILE else path.name


def _parse(path: Path) -> tuple[ast.Module, list[LeftOut]]:
    """Return a file's syntax tree, and a notebook's cells that are no part of it.

    Raises the StudentError that says why there is no tree.
    """
    content = _content(path)
    if not content.strip():
        raise StudentError("unreadable", wording.empty_file(_shown(path)))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise StudentError(
            "unreadable", wording.not_utf8(path.name, line, content[error.start])
        ) from None
    is_notebook, unread = path.name == cells.FILE, list[cells.Broken]()
    if is_notebook:
        text = cells.without_magics(text)
        unread = cells.broken(text)
    linecache.cache[str(path)] = (len(text), None, text.splitlines(keepends=True), str(path))
    with _readable(path):
        if not is_notebook:
            return ast.parse(text, str(path)), []
        lines = text.splitlines()
        return cells.definitions(cells.without(text, unread)), [_unread(c, lines) for c in unread]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        text = wording.no_such_file(path.name, likely.meant_by(path))
        raise StudentError("not_found", text) from None
    except OSError as error:
        said = error.strerror or type(error).__name__
        text = wording.a_folder(path.name) if path.is_dir() else wording.unopened(path.name, said)
        raise StudentError("unreadable", text) from None


def _unread(cell: cells.Broken, lines: Sequence[str]) -> LeftOut:
    name, line = cells.place(lines, cell.line)
    text = wording.broken_cell(name, line, cell.said, lines[cell.line - 1])
    error = StudentError("unreadable", text)
    return LeftOut(cell.first, cell.last, error, "", cell.names, needed=False)


def _compile(path: Path, tree: ast.Module, flags: int = 0) -> CodeType:
    with _readable(path):
        code: CodeType = compile(tree, str(path), "exec", flags, dont_inherit=True)
        return code


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what the parser and the compiler raise into words."""
    try:
        yield
    except SyntaxError as error:
        raise _syntax_error(path, error) from None
    except (ValueError, MemoryError, RecursionError) as error:
        said = f"Python cannot read this file ({str(error) or type(error).__name__})"
        raise StudentError(
            "unreadable", wording.syntax_error(_shown(path), None, said, "")
        ) from None


def _syntax_error(path: Path, error: SyntaxError) -> StudentError:
    file, line = path.name, error.lineno
    if file == cells.FILE and line:
        file, line = cells.place(linecache.getlines(str(path)), line)
    text = wording.syntax_error(file, line, error.msg, error.text or "")
    return StudentError("unreadable", text)
