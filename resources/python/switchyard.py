"""What a training script can tell Switchyard, and ask it. One file, no dependencies, Python 3.8 or newer.

    import switchyard

    switchyard.stop_on_sigterm()                        # a pause no longer ends the program at once
    params = switchyard.hparams({"lr": 0.1, "epochs": 10})

    start = switchyard.latest_checkpoint()              # None on a first attempt
    for step in range(...):
        switchyard.metrics(step, loss=0.3)              # or metrics(step, {"train/loss": 0.3})
        switchyard.progress(step / total)
        if switchyard.should_stop():                    # pause, preemption, cancel
            with switchyard.save_checkpoint(step=step) as path:
                torch.save(state, path + "/model.pt")
            break

Nothing here needs a network: reports are lines appended to a file, the wish to stop is a file that appears. Outside of
Switchyard every call is harmless: nothing is reported, nobody asks to stop, a checkpoint goes to a temporary directory
that is removed again. No failure to report ever ends a training run; it is said once on stderr.
With several processes (distributed training), report and save from one of them only.
"""

import contextlib
import json
import math
import os
import shutil
import signal
import sys
import tempfile
import threading
import time

__all__ = [
    "hparams", "invalid_hparams", "metrics", "progress", "save_checkpoint", "latest_checkpoint", "should_stop", "stop_on_sigterm",
    "output_dir", "trial_id", "attempt", "is_active",
]

#: Written into every checkpoint, so that its step is known without the report of it.
CHECKPOINT_NOTE = ".switchyard.json"

_lock = threading.Lock()
_report_fd = None
_report_pid = None
_line_is_broken = False
_warned = set()
_EXIT_IMPOSSIBLE = 78
_got_sigterm = False
_has_asked = False
_saved_here = None


def is_active():
    """True inside a Switchyard trial."""
    return "SWITCHYARD_TRIAL_ID" in os.environ


def trial_id():
    """The number of this trial as the queue shows it, or None outside of Switchyard."""
    return _int_or_none(os.environ.get("SWITCHYARD_TRIAL_ID"))


def attempt():
    """Which launch of the trial this is, from 1; None outside of Switchyard."""
    return _int_or_none(os.environ.get("SWITCHYARD_ATTEMPT"))


def output_dir(default="."):
    """A directory for results, kept with the trial; `default` outside of Switchyard."""
    return os.environ.get("SWITCHYARD_OUTPUT_DIR") or default


def hparams(defaults=None):
    """The trial's hyperparameters as a dict, over `defaults`. Outside of Switchyard just the defaults."""
    merged = dict(defaults or {})
    path = os.environ.get("SWITCHYARD_HPARAMS")
    if path:
        with open(path, encoding="utf-8") as file:
            merged.update(json.load(file))
    return merged


def metrics(step, values=None, **more):
    """Report numbers at a step: metrics(12, loss=0.3) or metrics(12, {"train/loss": 0.3}).

    Values may be anything float() takes, one-element tensors and arrays included. NaN and infinities are reported as such.
    """
    numbers = {}
    for name, value in {**(values or {}), **more}.items():
        try:
            numbers[str(name)] = _json_number(float(value))
        except (TypeError, ValueError):
            _warn("metric " + str(name), "metric %r is not a number and is left out: %.100r" % (name, value))
    if numbers:
        _report({"t": "metrics", "step": _json_number(float(step)), "values": numbers})


def progress(value, step=None):
    """Report how much of the run is done, 0 to 1. Switchyard tells the time left from it."""
    record = {"t": "progress", "value": min(1.0, max(0.0, float(value)))}
    if step is not None:
        record["step"] = _json_number(float(step))
    if not math.isnan(record["value"]):
        _report(record)


@contextlib.contextmanager
def save_checkpoint(step=None, metrics=None, name=None):
    """Save a checkpoint: yields the path of an empty directory to write into.

    The checkpoint counts only when the block has ended without an exception; until then the one before it stays the latest.
    One of the same name is replaced. `metrics` are kept with it.
    """
    global _saved_here
    base = os.environ.get("SWITCHYARD_CHECKPOINT_DIR")
    if not base:
        scratch = tempfile.mkdtemp(prefix="switchyard-checkpoint-")
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return
    name = _checkpoint_name(step, name)
    os.makedirs(base, exist_ok=True)
    # Names that begin with a dot are never taken for a finished checkpoint.
    draft = tempfile.mkdtemp(prefix=".%s.tmp-" % name[:100], dir=base)
    try:
        yield draft
        at_ms = int(time.time() * 1000)
        record = {"path": name, "at_ms": at_ms, "metrics": {}}
        if step is not None:
            record["step"] = _json_number(float(step))
        for key, value in (metrics or {}).items():
            with contextlib.suppress(TypeError, ValueError):
                record["metrics"][str(key)] = _json_number(float(value))
        with open(os.path.join(draft, CHECKPOINT_NOTE), "w", encoding="utf-8") as file:
            json.dump(record, file)
        # mkdtemp makes it 0700; a checkpoint has the same mode as any other directory of the user.
        os.chmod(draft, 0o777 & ~_umask())
        _flush_tree(draft)
        final = os.path.join(base, name)
        _put_in_place(draft, final)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    _saved_here = final
    _report({"t": "checkpoint", **record})


def latest_checkpoint():
    """The path of the newest finished checkpoint of this trial, or None: what this attempt saved last, else where the one before it ended."""
    for path in (_saved_here, os.environ.get("SWITCHYARD_LATEST_CHECKPOINT")):
        if path and os.path.isdir(path):
            return path
    return None


def should_stop():
    """True once Switchyard wants the trial to stop (pause, preemption, cancel, time limit): save a checkpoint and end.

    A program that asks is given time to end by itself: SIGTERM comes only after half of its grace period (60 s unless
    configured), to its main process alone, and would end it at once. The first call inside a trial therefore does what
    stop_on_sigterm() does, unless the program handles SIGTERM itself. After the grace period it is killed.
    """
    global _has_asked
    if not _has_asked:
        _has_asked = True
        _say_that_it_asks()
        in_main_thread = threading.current_thread() is threading.main_thread()
        if is_active() and in_main_thread and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _on_sigterm)
    if _got_sigterm:
        return True
    path = os.environ.get("SWITCHYARD_STOP_FILE")
    return bool(path) and os.path.exists(path)


def invalid_hparams(why):
    """End the program because its hyperparameters do not go together. A search tries others in their place, and does not count this trial."""
    sys.stderr.write("switchyard: impossible hyperparameters: %s\n" % why)
    sys.stderr.flush()
    raise SystemExit(_EXIT_IMPOSSIBLE)


def stop_on_sigterm():
    """Let SIGTERM make should_stop() true instead of ending the program. Call it once, from the main thread, before training starts.

    Returns False where that is not possible (another thread).
    """
    if threading.current_thread() is not threading.main_thread():
        _warn("sigterm", "stop_on_sigterm() works in the main thread only; SIGTERM will end the program at once")
        return False
    signal.signal(signal.SIGTERM, _on_sigterm)
    return True


def _on_sigterm(_signal_number, _frame):
    global _got_sigterm
    _got_sigterm = True


def _say_that_it_asks():
    """Leave a file beside the stop file: who asks needs no signal for the time being."""
    path = os.environ.get("SWITCHYARD_STOP_FILE")
    if path and is_active():
        with contextlib.suppress(OSError):
            os.close(os.open(path + ".asked", os.O_WRONLY | os.O_CREAT, 0o600))


_mask_before_fork = None


def _before_fork():
    """A signal that hits a worker before it has forgotten our handler would be lost: it waits until then."""
    global _mask_before_fork
    if signal.getsignal(signal.SIGTERM) is _on_sigterm:
        _mask_before_fork = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])


def _after_fork():
    global _mask_before_fork
    if _mask_before_fork is not None:
        mask, _mask_before_fork = _mask_before_fork, None
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _after_fork_in_worker():
    """Our handler would keep a worker alive when its parent ends it (multiprocessing's terminate is SIGTERM)."""
    global _got_sigterm, _has_asked
    if signal.getsignal(signal.SIGTERM) is _on_sigterm:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _got_sigterm = False
    _has_asked = False
    _after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_worker)


def _report(record):
    """Append one line in one write. A failure is said once and otherwise ignored: training goes on."""
    global _report_fd, _report_pid, _line_is_broken
    path = os.environ.get("SWITCHYARD_REPORT_FILE")
    if not path:
        return
    record.setdefault("at_ms", int(time.time() * 1000))
    line = (json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n").encode("utf-8")
    try:
        with _lock:
            if _report_fd is None or _report_pid != os.getpid():
                _report_fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
                _report_pid = os.getpid()
            if _line_is_broken:
                line = b"\n" + line
            written = os.write(_report_fd, line)
            _line_is_broken = written < len(line)
    except OSError as error:
        _warn("report", "could not report to Switchyard: %s" % error)


def _checkpoint_name(step, name):
    if name is None:
        name = "checkpoint-%d" % int(time.time() * 1000) if step is None else "step-%s" % step
    name = str(name)
    if not name or name.startswith(".") or len(name.encode("utf-8")) > 200 or any(c in "/\\" or ord(c) < 32 or ord(c) == 127 for c in name):
        raise ValueError("a checkpoint's name is one plain file name that does not begin with a dot, not %r" % name)
    return name


def _put_in_place(draft, final):
    """Give the draft its name; one that had it before goes."""
    if os.path.lexists(final):
        old = tempfile.mkdtemp(prefix=".old-", dir=os.path.dirname(final))
        os.rename(final, os.path.join(old, "replaced"))
        os.rename(draft, final)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.rename(draft, final)
    _flush(os.path.dirname(final))


def _flush_tree(directory):
    """Bring everything to the disk before the name says that it is finished."""
    for parent, _directories, files in os.walk(directory, topdown=False):
        for file in files:
            path = os.path.join(parent, file)
            if not os.path.islink(path):
                _flush(path)
        _flush(parent)


def _flush(path):
    # Some file systems and platforms cannot flush a directory; the rename still happens in order.
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _umask():
    current = os.umask(0o022)
    os.umask(current)
    return current


def _json_number(value):
    """JSON has no NaN and no infinities: they travel as words. Whole numbers lose their .0."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _int_or_none(text):
    try:
        return int(text)
    except (TypeError, ValueError):
        return None


def _warn(key, text):
    if key not in _warned:
        _warned.add(key)
        print("switchyard: " + text, file=sys.stderr, flush=True)
