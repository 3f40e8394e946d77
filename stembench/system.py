"""What depends on the operating system: peak memory, confinement of a process, and its end.

Nothing here imports a module that only some systems have before it is called there, and nothing
beyond the standard library at all: a process confines itself with it before it loads the rest.
"""

import ctypes
import os
import shutil
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

# prctl(2)
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_PR_SET_NO_NEW_PRIVS: Final = 38
# landlock(7); the numbers of the calls are the same on every architecture.
_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_WRITE_FILE: Final = 1 << 1
_CHANGES: Final = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))  # remove, make of each kind
_REFER: Final = 1 << 13  # second version: moving between folders
_TRUNCATE: Final = 1 << 14  # third version
_SCOPES: Final = 3  # sixth version: no abstract sockets of processes outside, no signals to them
#: Devices that are written to without anything being kept, and those of graphics cards.
_DEVICES: Final = ("null", "zero", "full", "tty", "nvidia*", "dri/*", "kfd")


def peak_memory(process: int | None = None, /) -> int:
    """Return the largest resident size of a process in bytes, since its start or its last reset.

    Parameters
    ----------
    process : int, optional
        Its number; this process by default. 0 is returned for one that has ended.
    """
    number = os.getpid() if process is None else process
    # Linux's ru_maxrss would count the parent that a process was forked from, and is not reset.
    try:
        status = Path(f"/proc/{number}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        status = ""
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    if process is None and sys.platform == "darwin":
        import resource

        return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    import psutil

    try:
        info: Any = psutil.Process(number).memory_info()
    except psutil.Error:
        return 0
    return int(getattr(info, "peak_wset", info.rss))


def reset_peak(process: int | None = None, /) -> bool:
    """Forget a process's peak memory; return False where the system cannot (Linux can)."""
    try:
        # "5" resets the high-water mark of the resident size (proc(5)).
        name = "self" if process is None else str(process)
        Path(f"/proc/{name}/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def die_with(parent: int, /, *, by: int | None = None) -> None:
    """Have the system signal this process when its parent ends; on Linux alone it can.

    Parameters
    ----------
    parent : int
        Number of the process that started this one. If that has ended already, so does this.
    by : int, optional
        The signal; SIGKILL by default.
    """
    if sys.platform != "linux":
        return
    number = int(signal.SIGKILL) if by is None else by
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def end_with_parent(*, thread_stays: bool = False) -> None:
    """End this process as soon as the one that started it has ended, however that ended.

    It must be called in a process that `multiprocessing` started, as workers of pools and of Dask
    on this machine are; in another it does nothing.

    Parameters
    ----------
    thread_stays : bool
        Whether the thread that started this process lives as long as its process does. Linux then
        ends this one at once, also while it runs code that keeps its own threads waiting.
    """
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is None or parent.pid is None:
        return
    if thread_stays:
        die_with(parent.pid)

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()


def terminate_as_interrupt() -> None:
    """Let the signal by which schedulers and services end a program interrupt it, as Ctrl-C does.

    Nothing happens outside the main thread, and where there is no such signal, as on Windows.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def leave_signals_to_parent() -> None:
    """Ignore the signals that reach every process of a terminal or job: a worker's parent acts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        # Not SIG_IGN, which programs that this one starts would inherit: a guardian needs it.
        signal.signal(signal.SIGTERM, lambda *_: None)


def stay_guarded(parent: int, /, *, scratch: Path) -> None:
    """Let nothing that this process starts outlive it or its parent; on Linux alone.

    The caller goes on in a fork. The process itself stays as its guardian: it ends with the same
    code or signal, when the fork ends or when the parent does, and ends whatever was started below
    it before, in sessions of its own or not. It must be called before other threads are started.

    Parameters
    ----------
    parent : int
        Number of the process that started this one.
    scratch : pathlib.Path
    """
    if sys.platform != "linux":
        return
    die_with(parent, by=int(signal.SIGTERM))
    # What loses its own parent becomes a child of this process.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    guardian = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
    fork = os.fork()
    if fork == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
        os.setsid()
        die_with(guardian)
        return
    try:
        _guard(fork, scratch)
    finally:
        os._exit(1)


def _guard(fork: int, scratch: Path) -> None:
    """Wait for a fork or for SIGTERM, end all that is left, and end as the fork did."""
    if sys.platform != "linux":
        return

    def end(_signal: int, _frame: object) -> None:
        _end_children()
        shutil.rmtree(scratch, ignore_errors=True)
        os._exit(1)

    signal.signal(signal.SIGTERM, end)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)  # the pipes are the fork's alone
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
    ended, status = 0, 0
    while ended != fork:
        ended, status = os.waitpid(-1, 0)
    _end_children()
    shutil.rmtree(scratch, ignore_errors=True)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (-code,))
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        no_core_dump()
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 1)


def _end_children() -> None:
    """Kill the children of this process, which inherits theirs, until there are none."""
    if sys.platform != "linux":
        return
    for _ in range(10_000):
        for number in _children(os.getpid()):
            try:
                os.kill(number, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children(process: int) -> list[int]:
    """Return the numbers of a process's children, those of all of its threads; Linux's alone."""
    found: list[int] = []
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            found.extend(map(int, listed.read_text(encoding="ascii").split()))
        except OSError:
            continue
    return found


def descendants(process: int, /) -> tuple[int, ...]:
    """Return the numbers of the processes that a process has started, and of theirs."""
    if sys.platform != "linux":
        import psutil

        try:
            return tuple(int(one.pid) for one in psutil.Process(process).children(recursive=True))
        except psutil.Error:
            return ()
    found: list[int] = []
    waiting = _children(process)
    while waiting and len(found) < 10_000:
        found.append(waiting.pop())
        waiting.extend(_children(found[-1]))
    return tuple(found)


def resident_memory(process: int, /) -> int:
    """Return the resident size of a process in bytes; 0 for one that has ended."""
    if sys.platform != "linux":
        import psutil

        try:
            return int(psutil.Process(process).memory_info().rss)
        except psutil.Error:
            return 0
    try:
        text = Path(f"/proc/{process}/statm").read_text(encoding="ascii")
        return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def available_memory() -> int:
    """Return the bytes that this process can still take without pushing others out of memory."""
    import psutil

    found = [int(psutil.virtual_memory().available)]
    group = Path("/sys/fs/cgroup")  # of a container; elsewhere the files are not there
    try:
        limit = int((group / "memory.max").read_text(encoding="ascii"))
        found.append(limit - int((group / "memory.current").read_text(encoding="ascii")))
    except (OSError, ValueError):
        pass
    if sys.platform != "win32":
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            found.append(limit - int(psutil.Process().memory_info().vms))
    return max(0, min(found))


@contextmanager
def memory_cap(most: int, /) -> Iterator[None]:
    """Let this process take no more than so many further bytes; on Linux alone it can.

    What would take more raises MemoryError, in place of the system ending some process.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    cap = pages * os.sysconf("SC_PAGE_SIZE") + most
    limits = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([cap, *limits]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def end_guarded(process: "subprocess.Popen[bytes]", /) -> None:
    """End a process that called `stay_guarded`, with all that it has started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def confine_writes(folder: Path, /) -> bool:
    """Forbid this thread and what it starts to change files outside a folder, for ever.

    Landlock of Linux 5.13 and later; reading stays possible. Since Linux 6.12 it also keeps the
    process from sending signals to others than its own children. It must be called before other
    threads are started, since it does not bind those.

    Parameters
    ----------
    folder : pathlib.Path
        Where files may still be written.

    Returns
    -------
    bool
        Whether the system does it.
    """
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    version = library.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    handled = _CHANGES | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    rules = struct.pack("=QQQ", handled, 0, _SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = library.syscall(_CREATE_RULESET, rules, ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return False
    try:
        _allow(library, ruleset, [folder], handled)
        devices = [path for name in _DEVICES for path in Path("/dev").glob(name)]
        _allow(library, ruleset, devices, handled & (_WRITE_FILE | _TRUNCATE))
        library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return bool(library.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _allow(library: Any, ruleset: int, paths: Iterable[Path], rights: int) -> None:
    for path in paths:
        try:
            opened = os.open(path, getattr(os, "O_PATH", os.O_RDONLY))
        except OSError:
            continue
        try:
            library.syscall(_ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, opened), 0)
        finally:
            os.close(opened)


def no_core_dump() -> None:
    """Keep this process from writing its memory to a file when it crashes."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
