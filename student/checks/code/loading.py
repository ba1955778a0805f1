"""Load a student's file as a module, and turn whatever goes wrong into a StudentError."""

from __future__ import annotations

import ast
import contextlib
import difflib
import importlib
import linecache
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType, ModuleType

from torch import nn

from checks.code import cells
from checks.code.contract import MODULES
from checks.code.forbidden import Findings, Forbidden, Use, look_through
from checks.telling import wording
from checks.telling.failures import Frame, StudentError, describe, student_error


class Submission:
    """The student's files, each loaded once, and the names in them.

    sources    module name -> file: {"vit": .../vit.py, "train": .../train.py}
    forbidden  calls that do not count as the student's work
    """

    def __init__(self, sources: dict[str, Path], forbidden: Sequence[Forbidden] = ()) -> None:
        self.sources = sources
        self._forbidden = forbidden
        self._loaded: dict[Path, ModuleType | StudentError] = {}
        self._found: dict[Path, Findings] = {}  # what is forbidden and used
        self.before_running: Callable[[], None] = lambda: None
        self.after_running: Callable[[], None] = lambda: None
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
                tree = _parse(path)
                with _readable(path):
                    self._found[path] = look_through(tree, self._forbidden)
                self.before_running()
                self.has_run = True
                self._loaded[path] = _load(name, path, tree, self.files)
                self.after_running()
            except StudentError as error:
                self._loaded[path] = error
        loaded = self._loaded[path]
        if isinstance(loaded, StudentError):
            raise loaded
        return loaded

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
            raise _forbidden(path, use)
        if name not in vars(module):
            if path.name == "vit.py" and module_name != "vit":
                raise StudentError("absent", wording.absent_with_its_file(module_name, name))
            raise StudentError("absent", wording.absent(file, name, _similar(name, module)))
        value = getattr(module, name)
        if not callable(value):
            raise StudentError("absent", wording.not_callable(file, name, describe(value)))
        if name in MODULES and isinstance(value, type) and not issubclass(value, nn.Module):
            raise StudentError("absent", wording.no_module(file, name))
        return value

    @property
    def has_uses(self) -> bool:
        """Whether what is forbidden is used by graded code, or while a file is loaded."""
        return any(found.by_name or found.at_import for found in self._found.values())

    @property
    def has_graded_uses(self) -> bool:
        """Whether what is forbidden is used by graded code."""
        return any(found.by_name for found in self._found.values())

    def may_call(self, frames: Sequence[FrameType]) -> bool:
        """Whether what is forbidden may be called from these frames, the innermost first.

        It may from a graded definition that has lost its question for it already; and while the
        file is loaded, when nothing is graded yet, for whoever compares with torch's own.
        """
        found = {str(path): found for path, found in self._found.items()}
        for frame in frames:
            name = found[frame.f_code.co_filename].graded_at(frame.f_lineno)
            if name is not None:
                return name in found[frame.f_code.co_filename].by_name
        return any(frame.f_code.co_name == "<module>" for frame in frames)

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


def _forbidden(path: Path, use: Use) -> StudentError:
    text = linecache.getline(str(path), use.line).strip()
    frame = Frame(path.name, use.line, "", text)
    return StudentError("forbidden", wording.forbidden(use.name, use.instead), frames=[frame])


def _load(name: str, path: Path, tree: ast.Module, files: list[Path]) -> ModuleType:
    code = _compile(path, tree)
    for attempt in (1, 2):
        module = ModuleType(name)
        module.__file__ = str(path)
        sys.modules[name] = module
        try:
            exec(code, vars(module))  # the student's own code, in the process meant for it
            return module
        except RuntimeError as error:
            if attempt == 2 or "torchvision::nms does not exist" not in str(error):
                raise _import_error(path, files, error) from None
            # A CUDA build of torchvision beside a CPU build of torch: digits.py knows the remedy.
            importlib.import_module("digits").declare_missing_operators()
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the student's as well
            raise _import_error(path, files, error) from None
    raise AssertionError("unreachable")


def _import_error(path: Path, files: list[Path], error: BaseException) -> StudentError:
    sys.modules.pop(path.stem, None)
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


def _parse(path: Path) -> ast.Module:
    """Return a file's syntax tree, or raise the StudentError that says why there is none."""
    content = path.read_bytes()
    if not content.strip():
        raise StudentError("unreadable", wording.empty_file(_shown(path)))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise StudentError(
            "unreadable", wording.not_utf8(path.name, line, content[error.start])
        ) from None
    is_notebook = path.name == cells.FILE
    if is_notebook:
        text = cells.without_magics(text)
    linecache.cache[str(path)] = (len(text), None, text.splitlines(keepends=True), str(path))
    with _readable(path):
        return cells.definitions(text) if is_notebook else ast.parse(text, str(path))


def _compile(path: Path, tree: ast.Module) -> CodeType:
    with _readable(path):
        return compile(tree, str(path), "exec", dont_inherit=True)


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
