"""Runs one attempt of a trial on a machine that is not the engine's. One file, no dependencies, Python 3.8 or newer.

    agent.py run CONFIG     works until RESULT.json is stored; a second one for the same attempt ends at once
    agent.py start CONFIG   the same, left alone in the background; one that was killed takes up what its program did meanwhile
    agent.py state HOME     {"state": "running" | "gone"}: whether an agent works on the attempt
    agent.py end HOME       ends everything of the attempt and removes its directory; HOME is named after the attempt
    agent.py keep HOME      internal: outlives the agent and notes how the program ended

The agent talks through a mailbox of immutable objects and through nothing else (electron/cloud/agent-protocol.ts names keys and
fields; VERSION is the same number there). It never waits for the engine: what cannot be stored now is stored later, and the program goes on.

What is where, below the attempt's directory (`home`):
    work/ checkpoints/ output/ exchange/ helper/   what the trial sees
    log                                            its output; `setup` writes here first
    state.json     what was stored and what is being stored; written before each object, so that a killed agent repeats the same bytes
    program/       claim (taken once, so the program runs at most once), program.json, exit.json
A process is kept by a keeper of its own; a container by the Docker engine, with its first process (`entry`) that writes log and end.
Invariants: objects appear in the order of their numbers; RESULT.json comes last and names every byte that has to arrive.
"""

import base64
import ctypes
import errno
import fcntl
import hashlib
import http.client
import json
import os
import platform
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

VERSION = 1
#: Stands in arguments and variables for the place of a directory here.
PLACE = "/~switchyard~/"
PLACES = ("work", "checkpoints", "output", "exchange", "helper")
IN_CONTAINER = {
    "work": "/workspace", "checkpoints": "/switchyard/checkpoints", "output": "/switchyard/output",
    "exchange": "/switchyard/exchange", "helper": "/switchyard/python",
}
#: Trees whose changes go home at the end. Reports go as they are written; of the checkpoints only what is beside the finished ones.
HOME_TREES = ("work", "output", "exchange", "checkpoints")
REPORTS = "reports.jsonl"
NOTE = ".switchyard.json"

LOG_CHUNK = 4 * 1024 * 1024
PART = 64 * 1024 * 1024
TICK_S = 0.1
PIDS_S = 2
CHECKPOINT_LOOK_S = 1
#: A checkpoint without the helper's note counts when nothing in it changed for so long.
SETTLED_S = 10
DISK_RESERVE = 16 * 1024 * 1024
ATTEMPT_VARIABLE = "SWITCHYARD_ATTEMPT_ID"
ENGINE_VARIABLE = "SWITCHYARD_ENGINE_ID"
#: Ends the agent so that whoever started it restarts the machine.
RESTART_EXIT_CODE = 75
#: Where a rented machine hears that it is taken away, and how long it has then.
METADATA = "http://169.254.169.254"
PREEMPTION_S = 90
ENGINE_LABEL, TRIAL_LABEL, ATTEMPT_LABEL = "switchyard.engine", "switchyard.trial", "switchyard.attempt"
#: The first process of a container, and how many bytes its note of the end has (resources/container/entry.c).
ENTRY = "/switchyard/entry"
ENTRY_RECORD = 128


class Failure(Exception):
    """The program was not started, or could not be seen to its end. `code` is one of agent-protocol.ts."""

    def __init__(self, code, message, remedy=None):
        super().__init__(message)
        self.code, self.message, self.remedy = code, message, remedy


class Unreachable(Exception):
    """The mailbox does not answer now."""


class Restart(Exception):
    """A rented machine is to be started again, once: its GPUs do not show."""


class Canceled(Exception):
    """Told to end before the program had begun."""


# ---------------------------------------------------------------------------------------------------------------- files


def read_text(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")
    except OSError:
        return None


def read_json(path):
    text = read_text(path)
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return None


def write_whole(path, data):
    """Whole or not at all, and durably."""
    draft = path + ".draft"
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view):]
        os.fsync(fd)
    finally:
        os.close(fd)
    os.replace(draft, path)


def write_json(path, value):
    write_whole(path, json.dumps(value).encode("utf-8"))


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def size_of(path):
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def boot_id():
    return (read_text("/proc/sys/kernel/random/boot_id") or "unknown").strip()


def walk(root):
    """Paths below a directory, relative, sorted; directories too. Links are named and never followed."""
    found = []
    pending = [""]
    while pending:
        below = pending.pop()
        try:
            entries = list(os.scandir(os.path.join(root, below)))
        except OSError:
            continue
        for entry in entries:
            name = os.path.join(below, entry.name)
            found.append(name)
            if entry.is_dir(follow_symlinks=False):
                pending.append(name)
    return sorted(found)


def index_of(root):
    """What a tree holds, to tell later what changed."""
    index = {}
    for name in walk(root):
        try:
            found = os.lstat(os.path.join(root, name))
        except OSError:
            continue
        is_dir = (found.st_mode & 0o170000) == 0o040000
        index[name] = "d" if is_dir else "%o %d %d %d" % (found.st_mode, found.st_size, found.st_mtime_ns, found.st_ino)
    return index


def unpack(archive, into):
    """Only what lies inside; links are made as they are and never written through, for every directory in `into` is new."""
    os.makedirs(into, mode=0o700, exist_ok=True)
    real = os.path.realpath(into)
    with tarfile.open(archive, "r:*") as tar:
        for member in tar:
            target = os.path.normpath(os.path.join(real, member.name))
            parent = os.path.realpath(os.path.dirname(target))
            if target != real and (not target.startswith(real + os.sep) or (parent != real and not parent.startswith(real + os.sep))):
                raise Failure("pack_damaged", "A pack names a path outside of its directory: %s" % member.name)
            if member.isdir():
                os.makedirs(target, mode=0o700, exist_ok=True)
            elif member.isfile():
                os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
                source = tar.extractfile(member)
                with open(target, "wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
                os.chmod(target, (member.mode & 0o777) | 0o600)
                os.utime(target, (member.mtime, member.mtime))
            elif member.issym():
                os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
                os.symlink(member.linkname, target)
            elif member.islnk():
                os.link(os.path.join(real, os.path.normpath(member.linkname)), target, follow_symlinks=False)


# -------------------------------------------------------------------------------------------------------------- mailbox


class DirectoryMailbox:
    """A directory of this machine."""

    pace_s, beat_s = 0.3, 5

    def __init__(self, root):
        self.root = root

    def read(self, key, to):
        """Copies an object into a file. Returns False where there is none."""
        try:
            shutil.copyfile(os.path.join(self.root, key), to)
            return True
        except FileNotFoundError:
            return False

    def list(self, prefix):
        """Names below a prefix that ends with "/"."""
        try:
            return sorted(name for name in os.listdir(os.path.join(self.root, prefix)) if not name.startswith("."))
        except FileNotFoundError:
            return []

    def put(self, key, data):
        """Stores bytes, or a file that is given up with it. An object that is there stays as it is."""
        final = os.path.join(self.root, key)
        os.makedirs(os.path.dirname(final), mode=0o700, exist_ok=True)
        draft = data if isinstance(data, str) else None
        if draft is None:
            fd, draft = tempfile.mkstemp(prefix=".put-", dir=self.root)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
        with open(draft, "rb") as file:
            os.fsync(file.fileno())
        try:
            os.link(draft, final)
        except FileExistsError:
            pass
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            near = os.path.join(self.root, ".put-%d-%s" % (os.getpid(), os.path.basename(final)))
            shutil.copyfile(draft, near)
            os.replace(near, final)
        os.unlink(draft)


class RequestMailbox:
    """Requests that were handed out beforehand; they need no credentials. A key that none reads is not there."""

    pace_s, beat_s = 1.5, 15

    def __init__(self, requests):
        self.reads, self.store, self.lists = requests["reads"], requests["store"], requests["lists"]

    def read(self, key, to):
        request = self.reads.get(key)
        if request is None:
            return False
        try:
            with urllib.request.urlopen(request["url"], timeout=60) as answer, open(to, "wb") as file:
                shutil.copyfileobj(answer, file, 1 << 20)
                length = answer.headers.get("Content-Length")
            if length is not None and int(length) != size_of(to):
                raise Unreachable("the answer broke off")
            return True
        except urllib.error.HTTPError as error:
            # Who may not list is told "forbidden" where nothing is.
            if error.code in (403, 404):
                return False
            raise Unreachable("HTTP %d" % error.code) from error
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(str(error)) from error

    def list(self, prefix):
        request = self.lists.get(prefix)
        if request is None:
            return []
        try:
            with urllib.request.urlopen(request["url"], timeout=60) as answer:
                keys = re.findall(r"<Key>([^<]+)</Key>", answer.read().decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(str(error)) from error
        return sorted(key[len(prefix):] for key in keys if key.startswith(prefix))

    def put(self, key, data):
        is_file = isinstance(data, str)
        size = size_of(data) if is_file else len(data)
        boundary = "switchyard-" + hashlib.sha256(key.encode()).hexdigest()[:32]
        fields = dict(self.store["fields"])
        fields["key"] = key
        lines = []
        for name, value in fields.items():
            lines.append('--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (boundary, name, value))
        lines.append('--%s\r\nContent-Disposition: form-data; name="file"; filename="object"\r\n' % boundary)
        lines.append("Content-Type: application/octet-stream\r\n\r\n")
        head, tail = "".join(lines).encode("utf-8"), ("\r\n--%s--\r\n" % boundary).encode("ascii")
        url = urllib.parse.urlsplit(self.store["url"])
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.hostname, url.port, timeout=120)
        try:
            connection.putrequest("POST", (url.path or "/") + ("?" + url.query if url.query else ""))
            connection.putheader("Content-Type", "multipart/form-data; boundary=" + boundary)
            connection.putheader("Content-Length", str(len(head) + size + len(tail)))
            connection.endheaders()
            connection.send(head)
            if is_file:
                with open(data, "rb") as file:
                    for block in iter(lambda: file.read(1 << 20), b""):
                        connection.send(block)
            else:
                connection.send(data)
            connection.send(tail)
            answer = connection.getresponse()
            answer.read()
            if answer.status not in (200, 201, 204, 409, 412):
                raise Unreachable("HTTP %d" % answer.status)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(str(error)) from error
        finally:
            connection.close()
        if is_file:
            os.unlink(data)


def open_mailbox(config):
    mailbox = config["mailbox"]
    return DirectoryMailbox(mailbox["path"]) if mailbox["kind"] == "directory" else RequestMailbox(mailbox)


# ------------------------------------------------------------------------------------------------------------ processes


class Processes:
    """The processes of one attempt: they carry its id, descend from its keeper or from one that does, or are in its session."""

    WRAPPERS = frozenset("sh dash bash zsh ksh mksh fish busybox time conda accelerate".split())

    def __init__(self, attempt_id):
        self.mark = (ATTEMPT_VARIABLE + "=" + attempt_id).encode()

    def members(self, keeper):
        """{pid: (parent, state)} without the keeper and this process."""
        table, marked = {}, set()
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            stat = read_text("/proc/%s/stat" % name)
            if stat is None:
                continue
            state, parent, _group, session, *_rest = stat.rpartition(")")[2].split()
            if state in ("Z", "X"):
                continue
            pid = int(name)
            table[pid] = (int(parent), state)
            if int(session) == keeper and keeper is not None:
                marked.add(pid)
            try:
                with open("/proc/%s/environ" % name, "rb") as file:
                    if self.mark in file.read().split(b"\0"):
                        marked.add(pid)
            except OSError:
                pass
        if keeper in table:
            marked.add(keeper)
        grew = True
        while grew:
            grew = False
            for pid, (parent, _state) in table.items():
                if pid not in marked and parent in marked:
                    marked.add(pid)
                    grew = True
        return {pid: table[pid] for pid in marked if pid not in (keeper, os.getpid())}

    def traits(self, pid):
        try:
            program = os.path.basename(os.readlink("/proc/%d/exe" % pid))
        except OSError:
            program = ""
        names = (program, (read_text("/proc/%d/comm" % pid) or "").strip())
        caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", read_text("/proc/%d/status" % pid) or "", re.M)

        def pipe(fd):
            try:
                target = os.readlink("/proc/%d/fd/%d" % (pid, fd))
            except OSError:
                return None
            return target if target.startswith("pipe:") else None

        return {
            "wrapper": any(name in self.WRAPPERS for name in names),
            "handles": caught is not None and int(caught.group(1), 16) & (1 << (signal.SIGTERM - 1)) != 0,
            "command": read_text("/proc/%d/cmdline" % pid) or "",
            "reads": pipe(0), "writes": [pipe(1), pipe(2)],
        }

    def ask(self, keeper, asked):
        """One round of SIGTERM to the main process, and behind a shell to what it runs; never to workers.

        `asked` is {pid: parent} of those asked before and is added to. Returns whether somebody remains to be asked later: a shell
        without a trap is stopped until what it runs has ended, so that it does not go on with its next line.
        """
        members = self.members(keeper)
        children = {}
        for pid, (parent, _state) in members.items():
            children.setdefault(parent, []).append(pid)
        ask, hold, again = [], [], False
        roots = children.get(keeper, [])
        pending = list(roots)
        while pending:
            pid = pending.pop()
            traits, below = self.traits(pid), children.get(pid, [])
            is_copy = traits["wrapper"] and traits["command"] != "" and traits["command"] == self.traits(members[pid][0])["command"]
            if is_copy and not below:
                again = True
                continue
            has_ended = any(parent == pid and other not in members for other, parent in asked.items())
            if not traits["wrapper"] or not below or has_ended:
                ask.append(pid)
                continue
            if traits["handles"]:
                ask.append(pid)
            else:
                hold.append(pid)
                again = True
            known = {other: self.traits(other) for other in below}
            heads = [one for one in below if known[one]["reads"] is None
                     or not any(other != one and known[one]["reads"] in known[other]["writes"] for other in below)]
            pending.extend(heads or below)
        first = not asked
        new = [pid for pid in ask if pid not in asked]
        for pid in new:
            self.send(pid, signal.SIGTERM)
            asked[pid] = members[pid][0]
        # A stopped process acts on a signal only when it goes on.
        if first:
            for pid in members:
                self.send(pid, signal.SIGCONT)
        for pid in hold:
            self.send(pid, signal.SIGSTOP)
        for pid in new:
            self.send(pid, signal.SIGCONT)
        return again or (not roots and not asked)

    def signal_all(self, keeper, number):
        """Once, to everybody. Returns how many there were."""
        members = self.members(keeper)
        for pid in members:
            self.send(pid, number)
        return len(members)

    def kill_all(self, keeper):
        """Until nothing is left, because a process may fork between the look and the kill."""
        for _round in range(200):
            if self.signal_all(keeper, signal.SIGKILL) == 0:
                return
            time.sleep(0.005)

    def freeze_all(self, keeper):
        for _round in range(100):
            running = [pid for pid, (_parent, state) in self.members(keeper).items() if state not in ("T", "t")]
            if not running:
                return
            for pid in running:
                self.send(pid, signal.SIGSTOP)
            time.sleep(0.005)

    @staticmethod
    def send(pid, number):
        try:
            os.kill(pid, number)
        except OSError:
            pass


def start_time(pid):
    stat = read_text("/proc/%d/stat" % pid)
    return None if stat is None else stat.rpartition(")")[2].split()[19]


def is_alive(claim):
    if claim.get("boot") != boot_id():
        return False
    stat = read_text("/proc/%d/stat" % claim["pid"])
    fields = None if stat is None else stat.rpartition(")")[2].split()
    return fields is not None and fields[0] not in ("Z", "X") and fields[19] == claim["start"]


def keep(home):
    """Runs the program of program.json, sees that nothing it started outlives it, and notes how it ended."""
    place = os.path.join(home, "program")
    plan = read_json(os.path.join(place, "program.json"))
    try:
        # Orphans come to us, wherever they went; without it they are found by their environment.
        ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)
    except (OSError, AttributeError):
        pass
    claim = {"pid": os.getpid(), "start": start_time(os.getpid()), "boot": boot_id()}
    try:
        fd = os.open(os.path.join(place, "claim"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    os.write(fd, json.dumps(claim).encode())
    os.fsync(fd)
    os.close(fd)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    ooms = oom_kills()
    try:
        log = os.open(os.path.join(home, "log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        program = subprocess.Popen(
            plan["argv"], cwd=plan["cwd"], env=plan["env"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, preexec_fn=restore_signals)
        os.close(log)
    except OSError as error:
        write_json(os.path.join(place, "exit.json"), {"error": error.errno, "atMs": int(time.time() * 1000)})
        return
    while True:
        try:
            pid, status = os.waitpid(-1, 0)
        except InterruptedError:
            continue
        except ChildProcessError:
            status = 0
            break
        if pid == program.pid:
            break
    at_ms = int(time.time() * 1000)
    code = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    processes = Processes(plan["attemptId"])
    processes.kill_all(os.getpid())
    write_json(os.path.join(place, "exit.json"), {"code": code, "atMs": at_ms, "oom": code == 137 and oom_kills() > ooms})


def restore_signals():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def oom_kills():
    found = re.search(r"^oom_kill (\d+)$", read_text("/proc/vmstat") or "", re.M)
    return 0 if found is None else int(found.group(1))


class ProcessProgram:
    """The trial as a process group of the agent's user."""

    def __init__(self, agent):
        self.agent = agent
        self.place = os.path.join(agent.home, "program")
        self.processes = Processes(agent.spec["attemptId"])
        self.asked = None
        self.ask_at = 0
        self.ask_pause = 0.02

    def claim(self):
        return read_json(os.path.join(self.place, "claim"))

    def keeper(self):
        claim = self.claim()
        return claim["pid"] if claim is not None and is_alive(claim) else None

    def was_started(self):
        """Also where an agent was killed between telling the keeper and its claim: then nobody else may start it any more."""
        if os.path.exists(os.path.join(self.place, "claim")):
            return True
        if not os.path.exists(os.path.join(self.place, "program.json")):
            return False
        deadline = time.monotonic() + 10
        while not os.path.exists(os.path.join(self.place, "claim")):
            if time.monotonic() > deadline:
                try:
                    fd = os.open(os.path.join(self.place, "claim"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                    os.write(fd, json.dumps({"pid": 0, "start": None, "boot": "given up"}).encode())
                    os.close(fd)
                except FileExistsError:
                    pass
            time.sleep(0.01)
        return True

    def start(self):
        agent, spec = self.agent, self.agent.spec
        os.makedirs(self.place, mode=0o700, exist_ok=True)
        env = agent.set_up_env()
        env.update(agent.placed_env())
        uuids = ",".join(agent.uuids)
        env.update({
            "CUDA_VISIBLE_DEVICES": uuids or "-1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID", "NVIDIA_VISIBLE_DEVICES": uuids or "void",
            ATTEMPT_VARIABLE: spec["attemptId"], ENGINE_VARIABLE: spec["engineId"],
        })
        argv = [agent.placed(word) for word in spec["argv"]]
        if not argv:
            raise Failure("command_missing", "The command is empty.", "Give the program to run, for example: python train.py")
        if "/" not in argv[0] and shutil.which(argv[0], path=env.get("PATH")) is None:
            other = {"python": "python3", "python3": "python"}.get(argv[0])
            if other is None or shutil.which(other, path=env.get("PATH")) is None:
                raise Failure("command_missing", 'There is no program "%s" on that machine.' % argv[0],
                              "Install it there, give its full path, or let the pool's set-up command bring it. Looked in %s" % env.get("PATH"))
            argv[0] = other
        for mount in spec["mounts"]:
            link_in(mount, agent)
        write_json(os.path.join(self.place, "program.json"),
                   {"argv": argv, "env": env, "cwd": agent.placed(spec["workDir"]), "attemptId": spec["attemptId"]})
        subprocess.Popen([sys.executable, os.path.abspath(__file__), "keep", agent.home], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, cwd="/",
                         env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), ATTEMPT_VARIABLE + "_KEEPER": "1"})
        deadline = time.monotonic() + 30
        while not self.was_started() or self.claim() is None:
            if time.monotonic() > deadline:
                raise Failure("launch_failed", "The program's keeper did not come up on that machine.")
            time.sleep(0.01)

    def poll(self):
        """None while it runs, else how it ended: {code, signal, reason, message, atMs}."""
        if self.asked is not None and time.monotonic() >= self.ask_at:
            if self.processes.ask(self.keeper(), self.asked):
                self.ask_at, self.ask_pause = time.monotonic() + self.ask_pause, min(1.0, self.ask_pause * 1.5)
            else:
                self.asked, self.ask_at = None, 0
        ended = read_json(os.path.join(self.place, "exit.json"))
        claim = self.claim()
        if ended is None and claim is not None and is_alive(claim):
            return None
        ended = read_json(os.path.join(self.place, "exit.json"))
        now_ms = int(time.time() * 1000)
        if ended is None:
            rebooted = claim is None or claim.get("boot") != boot_id()
            if not rebooted:
                self.processes.kill_all(claim["pid"])
            return {"code": None, "signal": None if rebooted else "SIGKILL", "atMs": now_ms, "reason": "lost" if rebooted else None,
                    "message": "The machine was started again while the trial ran." if rebooted
                    else "The trial was killed together with its keeper."}
        if "error" in ended:
            raise Failure("command_missing", "The program could not be run there: %s." % os.strerror(ended["error"]),
                          "Check that it exists in the submitted directory and is executable.")
        code = ended["code"]
        if claim is not None and is_alive(claim):
            time.sleep(0.01)
        return {"code": code, "signal": name_of(code), "atMs": ended["atMs"], "reason": "out_of_memory" if ended.get("oom") else None,
                "message": "The kernel ended the program because the machine ran out of memory." if ended.get("oom") else None}

    def terminate(self):
        self.asked, self.ask_at, self.ask_pause = {}, 0, 0.02

    def kill(self):
        self.asked = None
        self.processes.kill_all(self.keeper())

    def freeze(self):
        self.processes.freeze_all(self.keeper())

    def unfreeze(self):
        self.processes.signal_all(self.keeper(), signal.SIGCONT)

    def pids(self):
        return sorted(self.processes.members(self.keeper()))

    def remove(self):
        pass


def link_in(mount, agent):
    """What a process sees of the machine: a link in its working directory. Elsewhere it finds the place itself under its own path."""
    here, seen = mount["hostPath"], agent.placed(mount["containerPath"])
    if not os.path.exists(here):
        raise Failure("mount_missing", "%s does not exist on that machine." % here,
                      "Put it there under the same path, or submit the trial without it.")
    if not mount["link"] or not seen.startswith(agent.dirs["work"] + os.sep):
        return
    os.makedirs(os.path.dirname(seen), mode=0o700, exist_ok=True)
    try:
        if os.path.isdir(seen) and not os.path.islink(seen):
            os.rmdir(seen)
        elif os.path.lexists(seen) and size_of(seen) == 0:
            os.unlink(seen)
    except OSError:
        pass
    if not os.path.lexists(seen):
        os.symlink(here, seen)


def name_of(code):
    if code is None or code <= 128:
        return None
    try:
        return signal.Signals(code - 128).name
    except ValueError:
        return None


# ------------------------------------------------------------------------------------------------------------ container


class Docker:
    """The Docker engine of this machine, over its socket."""

    def __init__(self):
        host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        self.socket = host[len("unix://"):] if host.startswith("unix://") else "/var/run/docker.sock"

    def open(self, timeout=60):
        connection = http.client.HTTPConnection("docker", timeout=timeout)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(timeout)
        connection.sock.connect(self.socket)
        return connection

    def call(self, method, path, body=None, headers=None, timeout=60):
        """Returns (status, parsed body). Raises OSError where the engine does not answer."""
        connection = self.open(timeout)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, dict({"Content-Type": "application/json"}, **(headers or {})))
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            try:
                return answer.status, json.loads(text) if text else None
            except ValueError:
                return answer.status, {"message": text.strip()}
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def pull(self, image, on_progress):
        name, tag = image, ""
        if "@" not in image and ":" not in image.rpartition("/")[2]:
            tag = "latest"
        connection = self.open(timeout=600)
        try:
            query = urllib.parse.urlencode({"fromImage": name, "tag": tag} if tag else {"fromImage": name})
            connection.request("POST", "/images/create?" + query, headers={"X-Registry-Auth": registry_auth(image)})
            answer = connection.getresponse()
            if answer.status != 200:
                return json.loads(answer.read().decode("utf-8", "replace") or "{}").get("message", "HTTP %d" % answer.status)
            sizes = {}
            for line in answer:
                try:
                    step = json.loads(line.decode("utf-8"))
                except ValueError:
                    continue
                if "error" in step:
                    return step["error"]
                detail = step.get("progressDetail") or {}
                if step.get("status") == "Downloading" and detail.get("total"):
                    sizes[step.get("id")] = (detail["current"], detail["total"])
                    done, whole = (sum(column) for column in zip(*sizes.values()))
                    on_progress("pulling its image (%d %% of %.1f GiB)" % (100 * done // whole, whole / 2.0 ** 30))
            return None
        except (OSError, ValueError, http.client.HTTPException) as error:
            return str(error)
        finally:
            connection.close()


def registry_auth(image):
    """What `docker login` left on this machine for the image's registry; credential helpers are not asked."""
    first = image.partition("/")[0]
    registry = first if "/" in image and ("." in first or ":" in first or first == "localhost") else "https://index.docker.io/v1/"
    config = read_json(os.path.join(os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker"), "config.json")) or {}
    found = (config.get("auths") or {}).get(registry, {}).get("auth")
    if not found:
        return base64.urlsafe_b64encode(b"{}").decode()
    try:
        name, _colon, word = base64.b64decode(found).decode().partition(":")
    except ValueError:
        return base64.urlsafe_b64encode(b"{}").decode()
    return base64.urlsafe_b64encode(
        json.dumps({"username": name, "password": word, "serveraddress": registry}).encode()).decode()


class ContainerProgram:
    """The trial as a container: the same options by the same rules as a local one (native/docker/container-options.ts)."""

    DROPPED_FOR_ROOT = ["AUDIT_WRITE", "MKNOD", "NET_RAW", "SETFCAP", "SETPCAP", "SYS_CHROOT"]
    CAPABILITIES = ("compute", "compat32", "display", "graphics", "ngx", "utility", "video")
    LOOK_S = 2

    def __init__(self, agent):
        self.agent = agent
        self.docker = Docker()
        self.name = agent.spec["attemptId"]
        self.place = os.path.join(agent.home, "program")
        self.end = os.path.join(self.place, "end")
        self.look_at = 0
        self.gone_since = None

    def was_started(self):
        return os.path.exists(os.path.join(self.place, "claim"))

    def start(self):
        agent, spec = self.agent, self.agent.spec
        os.makedirs(self.place, mode=0o700, exist_ok=True)
        image = self.have_image(spec["image"])
        entry = os.path.join(agent.home, "entry", "entry-" + platform.machine())
        if not os.path.exists(entry):
            raise Failure("image", "There is no first process for containers on a %s processor." % platform.machine())
        os.close(os.open(agent.log, os.O_WRONLY | os.O_CREAT, 0o600))
        write_whole(self.end, b" " * ENTRY_RECORD)
        for mount in spec["mounts"]:
            if not os.path.exists(mount["hostPath"]):
                raise Failure("mount_missing", "%s does not exist on that machine." % mount["hostPath"],
                              "Put it there under the same path, or submit the trial without it.")
        status, made = self.docker.call("POST", "/containers/create?name=" + self.name, self.options(image, entry))
        if status not in (201, 409):
            raise self.failure(made)
        # From here on it may run: it is not created a second time.
        write_json(os.path.join(self.place, "claim"), {"boot": boot_id(), "atMs": int(time.time() * 1000)})
        status, answer = self.docker.call("POST", "/containers/%s/start" % self.name, timeout=300)
        if status not in (204, 304):
            raise self.failure(answer)

    def have_image(self, image):
        """What is there is not fetched again. Returns what the engine says of it."""
        try:
            status, found = self.docker.call("GET", "/images/%s/json" % urllib.parse.quote(image, safe="/:@"))
            if status == 404:
                self.agent.say_doing("pulling its image")
                problem = self.docker.pull(image, self.agent.say_doing)
                if problem is not None:
                    raise Failure("image", "The image %s could not be pulled on that machine: %s" % (image, problem),
                                  "Check its name, and whether that machine reaches the registry and is logged in there (docker login).")
                status, found = self.docker.call("GET", "/images/%s/json" % urllib.parse.quote(image, safe="/:@"))
        except OSError as error:
            raise Failure("docker", "The Docker engine of that machine does not answer: %s" % error,
                          "Install or start Docker there, and let the user %s use it (group docker)." % os.environ.get("USER", "of the pool"))
        if status != 200:
            raise Failure("image", "The image %s cannot be used on that machine: %s" % (image, (found or {}).get("message", status)))
        return found

    @staticmethod
    def failure(answer):
        message = (answer or {}).get("message", "no reason given")
        if "could not select device driver" in message or "nvidia" in message.lower():
            return Failure("gpu_not_ready", "Docker on that machine gives no GPU to containers: %s" % message,
                           "Install the NVIDIA container toolkit there and restart Docker.")
        if "no space left" in message:
            return Failure("disk_full", "There is no space left on that machine's disk: %s" % message, "Free some space there.")
        if re.search(r"executable file not found|no such file or directory|permission denied", message):
            return Failure("command_missing", "The program could not be run in the image: %s" % message)
        return Failure("launch_failed", "Docker on that machine refused the container: %s" % message)

    def options(self, image, entry):
        agent, spec = self.agent, self.agent.spec
        facts = image.get("Config") or {}
        keeps = spec["ofImage"]
        own_user = (facts.get("User") or "").partition(":")[0] in ("", "0", "root")
        is_root = own_user if "user" in keeps else os.getuid() == 0
        argv = [agent.placed(word) for word in spec["argv"]]
        if "entrypoint" in keeps:
            argv = list(facts.get("Entrypoint") or []) + (argv or list(facts.get("Cmd") or []))
        if not argv:
            raise Failure("command_missing", "Neither the trial nor its image has a command.")
        env = {} if is_root or "user" in keeps else {"HOME": "/tmp", "USER": "trial", "LOGNAME": "trial"}
        env.update(agent.placed_env())
        of_image = [entry[len("PYTHONPATH="):] for entry in facts.get("Env") or [] if entry.startswith("PYTHONPATH=")]
        if env.get("PYTHONPATH") == IN_CONTAINER["helper"] and of_image and of_image[-1]:
            env["PYTHONPATH"] += ":" + of_image[-1]
        env["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
        env.update({"NVIDIA_VISIBLE_DEVICES": ",".join(agent.uuids)} if agent.uuids
                   else {"NVIDIA_VISIBLE_DEVICES": "void", "CUDA_VISIBLE_DEVICES": "-1"})
        env[ATTEMPT_VARIABLE] = spec["attemptId"]
        limits = spec["limits"]
        memory = None if limits["memoryMiB"] is None else limits["memoryMiB"] << 20
        host = {
            "Init": False, "AutoRemove": False, "Privileged": False, "RestartPolicy": {"Name": "no"},
            "SecurityOpt": ["no-new-privileges"], "CapDrop": self.DROPPED_FOR_ROOT if is_root else ["ALL"],
            "ShmSize": min(limits["shmMiB"] << 20, memory or sys.maxsize),
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
            "Mounts": [{"Type": "bind", "Source": here, "Target": there, "ReadOnly": read_only} for here, there, read_only in self.mounts(entry)],
        }
        if not is_root and "user" not in keeps:
            host["GroupAdd"] = [str(group) for group in os.getgroups()]
        if memory is not None:
            host.update({"Memory": memory, "MemorySwap": memory})
        if limits["cpus"] is not None:
            host["NanoCpus"] = int(round(limits["cpus"] * 1e9))
        if agent.uuids:
            asked = env.get("NVIDIA_DRIVER_CAPABILITIES")
            wanted = [] if asked is None else [one.strip() for one in asked.split(",")]
            known = list(self.CAPABILITIES) if "all" in wanted else [one for one in wanted if one in self.CAPABILITIES]
            host["DeviceRequests"] = [{"Driver": "", "DeviceIDs": agent.uuids, "Capabilities": [["gpu"] + (known or ["compute", "utility"])]}]
        made = {
            "Image": image["Id"], "Entrypoint": [ENTRY] + argv, "Cmd": [],
            "Env": ["%s=%s" % pair for pair in env.items()], "StopSignal": "SIGTERM", "Tty": False, "OpenStdin": False,
            "Labels": {ENGINE_LABEL: spec["engineId"], TRIAL_LABEL: str(spec["trialId"]), ATTEMPT_LABEL: spec["attemptId"]},
            "HostConfig": host,
        }
        if "workdir" not in keeps:
            made["WorkingDir"] = agent.placed(spec["workDir"])
        if "user" not in keeps:
            made["User"] = "%d:%d" % (os.getuid(), os.getgid())
        return made

    def mounts(self, entry):
        agent = self.agent
        own = [(agent.dirs[name], IN_CONTAINER[name], name == "helper") for name in PLACES]
        given = [(one["hostPath"], agent.placed(one["containerPath"]), one["readOnly"]) for one in agent.spec["mounts"]]
        return own + given + [(entry, ENTRY, True), (os.path.join(agent.home, "log"), "/switchyard/log", False),
                              (self.end, "/switchyard/end", False)]

    def poll(self):
        note = read_text(self.end) or ""
        ended = re.match(r"ended code=(\d{1,3}) asked=([01]) missing=(\d{1,15}) at=(\d{1,15})\s*$", note)
        if ended is None and time.monotonic() < self.look_at:
            return None
        self.look_at = time.monotonic() + self.LOOK_S
        try:
            status, found = self.docker.call("GET", "/containers/%s/json" % self.name)
        except OSError:
            # The engine is away; with the note the program's end is known without it.
            status, found = None, None
        state = (found or {}).get("State") or {} if status == 200 else None
        now_ms = int(time.time() * 1000)
        if ended is not None:
            code, missing = int(ended.group(1)), int(ended.group(3))
            lost = ended.group(2) == "1" and not self.agent.state["asked"]
            oom = bool(state) and state.get("OOMKilled") and code != 0
            message = None
            if oom:
                message = "The trial ran out of memory."
            elif lost:
                message = "Its container was stopped from outside, on that machine."
            elif missing > 0:
                message = "There was no space left on that machine's disk for the log: %d bytes of the output are missing." % missing
            return {"code": code, "signal": name_of(code), "atMs": int(ended.group(4)), "message": message,
                    "reason": "out_of_memory" if oom else "lost" if lost else "disk_full" if missing > 0 else None}
        if state is not None and state.get("Status") == "created":
            # Whoever created it was killed before it could start it; its first process lets the program run once only.
            self.act("start")
            return None
        if status is None or (state is not None and state.get("Status") in ("running", "paused", "restarting")):
            return None
        code = None if state is None else state.get("ExitCode")
        oom = bool(state) and state.get("OOMKilled")
        asked = self.agent.state["asked"]
        return {"code": code, "signal": name_of(code), "atMs": now_ms,
                "reason": "out_of_memory" if oom else None if asked else "lost",
                "message": "The trial ran out of memory." if oom else None if asked
                else "The container was removed on that machine while the trial ran." if state is None
                else "Its container was ended from outside, on that machine."}

    def act(self, path):
        try:
            self.docker.call("POST", "/containers/%s/%s" % (self.name, path))
        except OSError:
            pass

    def terminate(self):
        self.act("unpause")
        self.act("kill?signal=SIGTERM")

    def kill(self):
        self.act("kill?signal=SIGKILL")
        self.look_at = 0

    def freeze(self):
        self.act("pause")

    def unfreeze(self):
        self.act("unpause")

    def pids(self):
        try:
            status, found = self.docker.call("GET", "/containers/%s/top?ps_args=-eo%%20pid" % self.name)
        except OSError:
            return []
        return sorted(int(row[0]) for row in (found or {}).get("Processes") or []) if status == 200 else []

    def remove(self):
        try:
            self.docker.call("DELETE", "/containers/%s?force=true&v=true" % self.name)
        except OSError:
            pass


# ---------------------------------------------------------------------------------------------------------------- agent


class Agent:
    def __init__(self, config):
        self.config = config
        self.home = config["home"]
        self.prefix = config["prefix"]
        self.mailbox = open_mailbox(config)
        self.dirs = {name: os.path.join(self.home, name) for name in PLACES}
        self.log = os.path.join(self.home, "log")
        self.reports = os.path.join(self.dirs["exchange"], REPORTS)
        self.state_file = os.path.join(self.home, "state.json")
        self.state = dict({
            "seq": 0, "sending": None, "log": 0, "reports": 0, "ctl": 0, "phase": None, "frozen": False, "asked": False, "wish": False,
            "ready": False, "checkpoints": {}, "nextCheckpoint": 1, "uuids": [], "reason": None, "trees": None, "done": False,
            "restarted": False, "begun": False, "startedAtMs": None, "frozenMs": 0, "frozenAtMs": None, "killAtMs": None,
        }, **(read_json(self.state_file) or {}))
        self.spec = None
        self.program = None
        self.doing = None
        self.beat_at = 0
        self.beat_text = None
        self.ctl_at = 0
        self.ship_at = 0
        self.checkpoint_at = 0
        self.retry_at, self.retry_pause = 0, 0.5
        #: Checkpoints on their way, with what they looked like; told ones are in the state.
        self.sent = {}
        self.uploads = queue.Queue()
        self.uploaded = queue.Queue()
        self.uploader = None
        self.pids, self.pids_at = [], 0
        self.is_taken_away = False

    @property
    def is_rented(self):
        return self.config["deadlineMs"] is not None

    # -- words to and fro

    def save(self):
        write_json(self.state_file, self.state)

    def send(self, kind, data=None, source=None):
        """One numbered object. What is to be stored is noted first, so whoever comes after a crash stores the same."""
        self.flush_sending()
        self.state["seq"] += 1
        self.state["sending"] = {"key": "%sup/%010d.%s" % (self.prefix, self.state["seq"], kind), "data": data, "source": source}
        self.save()
        self.flush_sending()

    def flush_sending(self):
        sending = self.state["sending"]
        if sending is None:
            return
        if sending["source"] is None:
            data = sending["data"].encode("utf-8")
        else:
            path, start, length = sending["source"]
            with open(path, "rb") as file:
                file.seek(start)
                data = file.read(length)
        self.mailbox.put(sending["key"], data)
        self.state["sending"] = None
        self.save()

    def beat(self, force=False):
        """How things stand: at each change, and now and then."""
        fields = {
            "phase": self.state["phase"], "begun": self.state["begun"], "doing": self.doing, "frozen": self.state["frozen"], "uuids": self.state["uuids"],
            "asksForStop": os.path.exists(os.path.join(self.dirs["exchange"], "stop.asked")), "ctl": self.state["ctl"],
        }
        text = json.dumps(fields, sort_keys=True)
        if not force and text == self.beat_text and time.monotonic() < self.beat_at:
            return
        free = shutil.disk_usage(self.home)
        fields.update({"atMs": int(time.time() * 1000), "diskFreeBytes": free.free, "pids": self.pids})
        self.beat_text, self.beat_at = text, time.monotonic() + self.mailbox.beat_s
        self.send("hb", json.dumps(fields))

    def say_doing(self, text):
        """What people read while they wait. Where it cannot be said now it is not said."""
        self.doing = text
        try:
            self.beat()
        except Unreachable:
            pass

    def phase(self, name, doing=None):
        self.state["phase"], self.doing = name, doing
        self.save()
        try:
            self.beat()
        except Unreachable:
            pass

    def read_wishes(self):
        """Acts on what the engine wants, in its order."""
        for name in self.mailbox.list(self.prefix + "ctl/"):
            number, _dash, verb = name.partition("-")
            if not number.isdigit() or int(number) <= self.state["ctl"]:
                continue
            self.state["ctl"] = int(number)
            self.act(verb)
            self.save()

    def act(self, verb):
        started = self.program is not None and self.program.was_started()
        if verb == "wish":
            self.state["wish"] = True
            try:
                os.close(os.open(os.path.join(self.dirs["exchange"], "stop"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except OSError:
                pass
        elif verb in ("terminate", "kill"):
            self.state["asked"] = True
            self.note_frozen(False)
            self.save()
            if not started:
                raise Canceled()
            self.program.terminate() if verb == "terminate" else self.program.kill()
        elif verb == "freeze" and started:
            self.program.freeze()
            self.note_frozen(True)
        elif verb == "unfreeze" and started:
            self.program.unfreeze()
            self.note_frozen(False)

    def note_frozen(self, frozen):
        now_ms = int(time.time() * 1000)
        if frozen and not self.state["frozen"]:
            self.state["frozenAtMs"] = now_ms
        elif not frozen and self.state["frozen"]:
            self.state["frozenMs"] += max(0, now_ms - self.state["frozenAtMs"])
        self.state["frozen"] = frozen

    # -- what the trial sees

    def placed(self, text):
        """Sentinels become paths of this machine, or of the container."""
        if PLACE not in text:
            return text
        places = IN_CONTAINER if self.spec["image"] is not None else self.dirs
        return re.sub(re.escape(PLACE) + "(" + "|".join(PLACES) + ")", lambda found: places[found.group(1)], text)

    def placed_env(self):
        return {name: self.placed(value) for name, value in self.spec["env"].items()}

    PASSED = frozenset("PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TMPDIR HOSTNAME LD_LIBRARY_PATH CUDA_HOME CUDA_PATH "
                       "SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE http_proxy https_proxy no_proxy all_proxy "
                       "HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY MODULEPATH LOADEDMODULES HF_HOME TORCH_HOME".split())

    def base_env(self):
        env = {name: value for name, value in os.environ.items()
               if name in self.PASSED or name.startswith(("LC_", "XDG_", "CONDA"))}
        env.setdefault("PATH", "/usr/local/bin:/usr/bin:/bin")
        return env

    def environment_dir(self):
        """Where a set-up command may install once for many trials: one directory for each content of it (SWITCHYARD_ENV)."""
        key = hashlib.sha256(("%s %s %s" % (self.spec["setup"]["key"], platform.machine(), sys.version_info[:2])).encode()).hexdigest()
        return os.path.join(self.config["environments"], key[:24])

    def set_up_env(self):
        """The variables that the set-up command left: an activated environment for one."""
        left = read_json(os.path.join(self.home, "setup.env"))
        return self.base_env() if left is None else {name: value for name, value in left.items() if name not in self.SHELLS_OWN}

    SHELLS_OWN = frozenset(["SWITCHYARD_PYTHON", "SWITCHYARD_ENV_OUT", "PWD", "OLDPWD", "SHLVL", "_", ATTEMPT_VARIABLE])

    # -- before the program

    def fetch_spec(self):
        path = os.path.join(self.home, "spec.json")
        if not os.path.exists(path):
            draft = path + ".fetched"
            if not self.patiently(lambda: self.mailbox.read(self.prefix + "spec.json", draft)):
                raise Failure("lost", "The description of the trial is not in the mailbox any more.")
            os.replace(draft, path)
        if sha256_of(path) != self.config["specSha256"]:
            raise Failure("pack_damaged", "The description of the trial is not the one that was sent.")
        self.spec = read_json(path)
        if self.spec["version"] != VERSION:
            raise Failure("launch_failed", "The agent speaks version %d and the engine %s." % (VERSION, self.spec["version"]))

    def patiently(self, work):
        """Repeats what the mailbox does not answer, for as long as it takes."""
        pause = 0.5
        while True:
            try:
                return work()
            except Unreachable:
                time.sleep(pause)
                pause = min(30, pause * 2)

    def prepare(self):
        """Directories and packs. What a killed agent left half made is made anew; the program has not run in it."""
        self.phase("fetching", "fetching its files")
        for name in PLACES:
            shutil.rmtree(self.dirs[name], ignore_errors=True)
            os.makedirs(self.dirs[name], mode=0o700)
        needed = sum(pack["sizeBytes"] for pack in self.spec["packs"])
        if shutil.disk_usage(self.home).free < needed + DISK_RESERVE:
            raise Failure("disk_full", "There is not enough space on that machine: its files need %d MiB and %d MiB are free."
                          % (needed >> 20, shutil.disk_usage(self.home).free >> 20), "Free some space there, or choose another pool.")
        for pack in self.spec["packs"]:
            self.check_wishes()
            archive = os.path.join(self.home, "pack")
            if not self.patiently(lambda: self.mailbox.read(pack["key"], archive)):
                raise Failure("pack_damaged", "A pack of its files is not in the mailbox.")
            if sha256_of(archive) != pack["sha256"]:
                raise Failure("pack_damaged", "A pack of its files arrived damaged.")
            into = os.path.join(self.home, "entry") if pack["into"] == "entry" else self.dirs[pack["into"]]
            unpack(archive, into)
            os.unlink(archive)
        for name in HOME_TREES:
            write_json(os.path.join(self.home, name + ".index"), index_of(self.dirs[name]))
        self.state["checkpoints"] = {name: self.signature(name) for name in self.finished_checkpoints()}
        self.state["ready"] = True
        self.save()

    def check_wishes(self):
        """Between steps that cannot be interrupted."""
        try:
            self.read_wishes()
        except Unreachable:
            pass

    def set_up(self):
        """Runs the pool's set-up command in the working directory; what it exports is the program's. What it prints is in the log."""
        setup = self.spec["setup"]
        if setup is None:
            return
        place, left = self.environment_dir(), os.path.join(self.home, "setup.env")
        os.makedirs(place, mode=0o700, exist_ok=True)
        self.phase("setup", "setting up its environment")
        script = os.path.join(self.home, "setup.sh")
        write_whole(script, ("set -e\n%s\n\"$SWITCHYARD_PYTHON\" -I -c 'import json, os, sys; "
                             "json.dump(dict(os.environ), open(sys.argv[1], \"w\"))' \"$SWITCHYARD_ENV_OUT\"\n" % setup["script"]).encode("utf-8"))
        env = dict(self.base_env(), SWITCHYARD_ENV=place, SWITCHYARD_PYTHON=sys.executable, SWITCHYARD_ENV_OUT=left)
        env[ATTEMPT_VARIABLE] = self.spec["attemptId"]
        with open(place + ".lock", "w") as lock:
            # Where it is made already nobody waits for anybody.
            while not os.path.exists(os.path.join(place, ".ready")):
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    self.say_doing("waiting for another trial that sets up the same environment")
                    self.check_wishes()
                    time.sleep(0.5)
            self.say_doing("setting up its environment")
            with open(self.log, "ab") as log:
                work = subprocess.Popen([shutil.which("bash") or "/bin/sh", script], cwd=self.dirs["work"], env=env,
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
            try:
                while work.poll() is None:
                    try:
                        self.read_wishes()
                        self.ship()
                        self.beat()
                    except Unreachable:
                        pass
                    time.sleep(TICK_S)
            except Canceled:
                Processes(self.spec["attemptId"]).kill_all(None)
                work.wait()
                raise
        if work.returncode == 0 and os.path.exists(left):
            return
        if shutil.disk_usage(self.home).free < DISK_RESERVE:
            raise Failure("disk_full", "There is no space left on that machine to set up its environment.", "Free some space there.")
        raise Failure("setup_failed", "Its environment could not be set up there: the set-up command ended with %s." % work.returncode,
                      "The log shows what it printed. Change the set-up command of the pool, then retry the trial.")

    def wait_for_gpus(self):
        """The count must match: a trial that asked for GPUs never runs without them."""
        wanted, count = self.spec["slots"]["uuids"], self.spec["slots"]["count"]
        if count == 0:
            return
        self.phase("gpus", "waiting for the GPUs of that machine")
        deadline = time.monotonic() + self.config["gpuWaitS"]
        while True:
            found, problem = list_gpus()
            if wanted and all(uuid in found for uuid in wanted):
                self.state["uuids"] = wanted
                return
            if not wanted and len(found) >= count:
                self.state["uuids"] = found[:count]
                return
            if time.monotonic() > deadline:
                if self.is_rented and not self.state["restarted"]:
                    self.state["restarted"] = True
                    self.save()
                    raise Restart()
                missing = [uuid for uuid in wanted if uuid not in found]
                raise Failure(
                    "gpu_not_ready",
                    "That machine shows %d of the %d GPUs the trial needs%s%s." % (
                        min(count, count - len(missing) if wanted else len(found)), count,
                        ", not " + ", ".join(missing) if missing else "", "" if problem is None else " (nvidia-smi: %s)" % problem),
                    "Look at nvidia-smi there; a driver that was updated needs a restart of the machine.")
            self.check_wishes()
            time.sleep(1)

    @property
    def uuids(self):
        return self.state["uuids"]

    # -- while it runs

    def ship(self):
        """Log and reports, as far as they are written; at most one chunk of each, so that nothing else waits."""
        more = False
        for name, path in (("log", self.log), ("reports", self.reports)):
            length = min(LOG_CHUNK, size_of(path) - self.state[name])
            if length <= 0:
                continue
            start = self.state[name]
            self.flush_sending()
            self.state[name] = start + length
            self.send("%s.%016d" % ("log" if name == "log" else "rep", start), source=[path, start, length])
            more = more or size_of(path) > self.state[name]
        return more

    def ship_all(self):
        while self.ship():
            pass

    def finished_checkpoints(self):
        try:
            return sorted(entry.name for entry in os.scandir(self.dirs["checkpoints"])
                          if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."))
        except OSError:
            return []

    def signature(self, name):
        top = os.path.join(self.dirs["checkpoints"], name)
        try:
            if os.path.exists(os.path.join(top, NOTE)):
                found = os.lstat(top)
                return "%d %d" % (found.st_ino, found.st_mtime_ns)
        except OSError:
            return None
        return hashlib.sha256(json.dumps(index_of(top), sort_keys=True).encode()).hexdigest()

    def is_settled(self, name):
        """The helper's are finished when they have their name; another's when nothing in it changed for a while."""
        top = os.path.join(self.dirs["checkpoints"], name)
        if os.path.exists(os.path.join(top, NOTE)):
            return True
        newest = 0
        for path in [top] + [os.path.join(top, below) for below in walk(top)]:
            try:
                newest = max(newest, os.lstat(path).st_mtime)
            except OSError:
                return False
        return time.time() - newest > SETTLED_S

    def look_for_checkpoints(self, at_end=False):
        """Hands new ones to the uploader, and says of those that arrived whole that they are there."""
        self.collect_uploads()
        if self.uploader is None:
            self.uploader = threading.Thread(target=self.upload, daemon=True)
            self.uploader.start()
        for name in self.finished_checkpoints():
            signature = self.signature(name)
            if signature is None or signature in (self.state["checkpoints"].get(name), self.sent.get(name)):
                continue
            if not (at_end or self.is_settled(name)):
                continue
            self.sent[name] = signature
            number = self.state["nextCheckpoint"]
            self.state["nextCheckpoint"] += 1
            self.save()
            self.uploads.put((name, signature, number))

    def upload(self):
        """In a thread of its own: a checkpoint of many GiB holds up neither log nor wishes."""
        while True:
            name, signature, number = self.uploads.get()
            try:
                top = os.path.join(self.dirs["checkpoints"], name)
                before = index_of(top)
                tree = self.store_tree("ckpt/%08d" % number, self.dirs["checkpoints"], [name] + [os.path.join(name, below) for below in walk(top)])
                # One that was replaced or removed meanwhile is torn, and never told of.
                if index_of(top) == before and self.signature(name) == signature:
                    manifest = {"name": name, "tree": tree}
                    self.patiently(lambda: self.mailbox.put("%sckpt/%08d/MANIFEST.json" % (self.prefix, number), json.dumps(manifest).encode()))
                    self.uploaded.put((name, signature, number))
                else:
                    self.uploaded.put((name, None, number))
            except OSError:
                self.uploaded.put((name, None, number))
            finally:
                self.uploads.task_done()

    def collect_uploads(self):
        while True:
            self.flush_sending()
            try:
                name, signature, number = self.uploaded.get_nowait()
            except queue.Empty:
                return
            if signature is None:
                # Looked at again; gone ones are no longer listed.
                self.sent.pop(name, None)
            else:
                self.state["checkpoints"][name] = signature
                self.send("ckpt", json.dumps({"number": number, "name": name}))

    def store_tree(self, at, root, names):
        """Stores files below `root` as one tar in parts. Returns what is needed to check it: {sizeBytes, sha256, parts}."""
        writer = PartWriter(self, at)
        with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT, dereference=False) as tar:
            for name in names:
                path = os.path.join(root, name)
                try:
                    member = tar.gettarinfo(path, arcname=name)
                    if member is None or not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
                        continue
                    if member.islnk():
                        # Two names of one file: whole under each, for the other may not go along.
                        member.type, member.linkname, member.size = tarfile.REGTYPE, "", os.lstat(path).st_size
                    if member.isfile():
                        with open(path, "rb") as file:
                            tar.addfile(member, Steady(file, member.size))
                    else:
                        tar.addfile(member)
                except FileNotFoundError:
                    continue
        return writer.finish()

    def store_changes(self):
        """What the trial made or changed in its directories, and what it removed."""
        trees = []
        for name in HOME_TREES:
            before, now = read_json(os.path.join(self.home, name + ".index")) or {}, index_of(self.dirs[name])
            if name == "checkpoints":
                before, now = ({path: mark for path, mark in index.items() if mark != "d" and "/" not in path} for index in (before, now))
            skipped = (REPORTS, "stop", "stop.asked") if name == "exchange" else ()
            changed = [path for path, mark in now.items() if before.get(path) != mark and path not in skipped]
            removed = [path for path in before if path not in now]
            if changed or removed:
                tree = self.store_tree("out/" + name, self.dirs[name], changed) if changed else None
                trees.append({"name": name, "tree": tree, "removed": removed})
        return trees

    def watch(self):
        """Until the program has ended. Returns how."""
        while True:
            ended = self.program.poll()
            now = time.monotonic()
            if now >= self.retry_at:
                try:
                    if ended is not None:
                        return ended
                    if now >= self.ctl_at:
                        self.ctl_at = now + self.mailbox.pace_s
                        self.read_wishes()
                    if now >= self.ship_at:
                        if now >= self.pids_at:
                            self.pids, self.pids_at = self.program.pids(), now + PIDS_S
                        self.ship_at = now if self.ship() else now + self.mailbox.pace_s
                        self.beat()
                    if now >= self.checkpoint_at:
                        self.checkpoint_at = now + CHECKPOINT_LOOK_S
                        self.look_for_checkpoints()
                    self.retry_pause = 0.5
                except (Unreachable, OSError):
                    self.retry_at = now + self.retry_pause
                    self.retry_pause = min(30, self.retry_pause * 2)
            elif ended is not None:
                return ended
            self.keep_time()
            time.sleep(TICK_S)

    def listen_for_preemption(self):
        """In a thread of its own: a machine that is lent cheaply is told two minutes before it is taken away."""
        base = os.environ.get("SWITCHYARD_METADATA") or METADATA
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        token, silent = None, 0
        # Where nobody ever answers there is no such service.
        while silent < 5:
            try:
                if token is None:
                    asked = urllib.request.Request(base + "/latest/api/token", method="PUT",
                                                   headers={"X-aws-ec2-metadata-token-ttl-seconds": "21600"})
                    with opener.open(asked, timeout=5) as answer:
                        token = answer.read().decode("ascii")
                asked = urllib.request.Request(base + "/latest/meta-data/spot/instance-action", headers={"X-aws-ec2-metadata-token": token})
                with opener.open(asked, timeout=5):
                    self.is_taken_away = True
                    return
            except urllib.error.HTTPError as error:
                # 404: nothing of that kind is planned.
                silent = 0
                if error.code != 404:
                    token = None
            except (OSError, ValueError, http.client.HTTPException):
                silent += 1
            time.sleep(5)

    def keep_time(self):
        """The time limit and the machine's deadline, should the engine be away: asked to end first, killed when its grace is over."""
        now_ms = int(time.time() * 1000)
        kill_at = self.state["killAtMs"]
        if kill_at is not None:
            if now_ms >= kill_at:
                self.state["killAtMs"] = now_ms + 10_000
                self.program.kill()
            return
        limit, deadline = self.spec["timeLimitMs"], self.config["deadlineMs"]
        grace_ms = self.spec["graceMs"]
        reason = None
        if self.is_taken_away:
            reason, grace_ms = "preempted", min(grace_ms, PREEMPTION_S * 1000)
        # The engine, where it is there, is first.
        elif limit is not None and not self.state["frozen"] and now_ms >= self.state["startedAtMs"] + self.state["frozenMs"] + limit + 5_000:
            reason = "time_limit"
        elif deadline is not None and now_ms >= deadline - grace_ms - 120_000:
            reason = "deadline"
        if reason is None:
            return
        self.state["reason"], self.state["asked"], self.state["killAtMs"] = reason, True, now_ms + grace_ms
        self.save()
        self.act("wish")
        self.program.terminate()

    # -- the end

    def finish(self, result):
        """Everything that has to arrive, then RESULT.json, then a word that it is there."""
        self.phase("collecting", "sending its results")
        if self.program is not None and self.program.was_started():
            self.patiently(self.ship_all)
            self.look_for_checkpoints(at_end=True)
            self.uploads.join()
            self.patiently(self.collect_uploads)
            trees = self.store_changes()
        else:
            self.patiently(self.ship_all)
            trees = []
        self.patiently(self.flush_sending)
        result.update({
            "version": VERSION, "attemptId": self.config["attemptId"], "trees": trees, "logBytes": self.state["log"],
            "reportBytes": self.state["reports"], "checkpoints": self.state["nextCheckpoint"] - 1, "lastSeq": self.state["seq"],
        })
        self.patiently(lambda: self.mailbox.put(self.prefix + "RESULT.json", json.dumps(result).encode("utf-8")))
        self.patiently(lambda: self.send("end", "{}"))
        self.state["done"] = True
        self.save()
        if self.program is not None:
            self.program.remove()

    def run(self):
        result = {"started": False, "exitCode": None, "signal": None, "reason": None, "message": None, "remedy": None,
                  "endedAtMs": int(time.time() * 1000)}
        try:
            self.fetch_spec()
            self.program = ContainerProgram(self) if self.spec["image"] is not None else ProcessProgram(self)
            if not self.program.was_started():
                self.check_wishes()
                self.prepare()
                if self.spec["image"] is None:
                    self.set_up()
                self.wait_for_gpus()
                self.check_wishes()
                self.state["startedAtMs"] = int(time.time() * 1000)
                self.save()
                self.program.start()
            if self.is_rented:
                threading.Thread(target=self.listen_for_preemption, daemon=True).start()
            self.state["begun"] = True
            self.phase("running")
            ended = self.watch()
            result.update({"started": True, "exitCode": ended["code"], "signal": ended["signal"], "endedAtMs": ended["atMs"],
                           "reason": self.state["reason"] or ended["reason"], "message": ended["message"]})
            if ended["code"] not in (0, None) and result["reason"] is None and shutil.disk_usage(self.home).free < 1 << 20:
                result.update({"reason": "disk_full", "message": "There is no space left on that machine's disk."})
        except Canceled:
            result.update({"reason": "canceled", "message": "It was stopped before it had begun."})
        except Failure as failure:
            result.update({"reason": failure.code, "message": failure.message, "remedy": failure.remedy})
        except Exception as error:
            # A fault of the agent's own: where the program runs, the next agent takes it up.
            is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
            if isinstance(error, Restart) or (self.program is not None and self.program.was_started()):
                raise
            result.update({
                "reason": "disk_full", "message": "There is no space left on that machine's disk.", "remedy": "Free some space there.",
            } if is_full else {
                "reason": "launch_failed", "message": "The agent there failed: %s: %s" % (type(error).__name__, error),
            })
        self.finish(result)


class Steady:
    """Gives exactly so many bytes of a file that may grow or shrink under it; what is missing is zeros (and the copy counts as torn)."""

    def __init__(self, file, size):
        self.file, self.left = file, size

    def read(self, count):
        count = min(count, self.left)
        data = self.file.read(count)
        data += b"\0" * (count - len(data))
        self.left -= count
        return data


class PartWriter:
    """A file to write to, that stores what it gets in parts."""

    def __init__(self, agent, at):
        self.agent, self.at = agent, at
        self.digest, self.size, self.parts = hashlib.sha256(), 0, []
        self.file, self.path, self.written = None, None, 0

    def write(self, data):
        view = memoryview(data)
        while view:
            if self.file is None:
                self.path = os.path.join(self.agent.home, ".part-%s" % self.at.replace("/", "-"))
                self.file, self.written = open(self.path, "wb"), 0
            piece = view[:PART - self.written]
            self.file.write(piece)
            self.digest.update(piece)
            self.written += len(piece)
            self.size += len(piece)
            view = view[len(piece):]
            if self.written == PART:
                self.store()
        return len(data)

    def store(self):
        self.file.close()
        self.file = None
        key = "%s%s/%016d" % (self.agent.prefix, self.at, self.size - self.written)
        self.agent.patiently(lambda: self.agent.mailbox.put(key, self.path))
        self.parts.append({"key": key, "sizeBytes": self.written})

    def finish(self):
        if self.file is not None:
            self.store()
        return {"sizeBytes": self.size, "sha256": self.digest.hexdigest(), "parts": self.parts}


def list_gpus():
    """UUIDs of GPUs and MIG instances. Returns (uuids, what is wrong or None)."""
    try:
        places = os.pathsep.join([os.environ.get("PATH", "/usr/bin:/bin"), "/usr/bin", "/usr/local/bin", "/usr/lib/wsl/lib", "/opt/bin"])
        program = os.environ.get("SWITCHYARD_NVIDIA_SMI") or shutil.which("nvidia-smi", path=places) or "nvidia-smi"
        answer = subprocess.run([program, "-L"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, env=dict(os.environ, LC_ALL="C"))
    except (OSError, subprocess.TimeoutExpired) as error:
        return [], str(error)
    text = answer.stdout.decode("utf-8", "replace")
    found = re.findall(r"UUID:\s*((?:GPU|MIG)-[A-Za-z0-9/-]+)\)", text)
    return found, None if found else text.strip()[:200] or "nothing"


def lock_of(home):
    """Taken for as long as an agent of this attempt lives, which writes there who it is. Returns a descriptor, or None where it is taken."""
    lock = os.open(os.path.join(home, "agent.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock
    except OSError:
        os.close(lock)
        return None


def work(config_path):
    config = read_json(config_path)
    os.umask(0o077)
    os.makedirs(config["home"], mode=0o700, exist_ok=True)
    lock = lock_of(config["home"])
    if lock is None:
        return 0
    os.ftruncate(lock, 0)
    os.pwrite(lock, json.dumps({"pid": os.getpid(), "start": start_time(os.getpid()), "boot": boot_id()}).encode(), 0)
    # The keeper and the program must not keep it.
    os.set_inheritable(lock, False)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    agent = Agent(config)
    if agent.state["done"]:
        return 0
    try:
        agent.run()
    except Restart:
        return RESTART_EXIT_CODE
    return 0


def start(config_path):
    """Starts the agent so that it outlives who starts it, and waits until it is there. At most one works on an attempt."""
    home = read_json(config_path)["home"]
    os.makedirs(home, mode=0o700, exist_ok=True)
    if state_of(home) == "gone" and not (read_json(os.path.join(home, "state.json")) or {}).get("done"):
        with open(os.path.join(home, "agent.err"), "ab") as errors:
            agent = subprocess.Popen([sys.executable, os.path.abspath(__file__), "run", os.path.abspath(config_path)], cwd="/",
                                     stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, start_new_session=True)
        deadline = time.monotonic() + 20
        while state_of(home) == "gone" and agent.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
    return {"state": state_of(home)}


def state_of(home):
    """running: an agent of this attempt lives; gone: none does."""
    if not os.path.isdir(home):
        return "gone"
    lock = lock_of(home)
    if lock is None:
        return "running"
    os.close(lock)
    return "gone"


def end(home):
    """Ends an attempt for good: its agent, its program and everything that started, its container, its directory."""
    attempt_id = os.path.basename(os.path.normpath(home))
    agent, claim = read_json(os.path.join(home, "agent.lock")), read_json(os.path.join(home, "program", "claim"))
    if agent is not None and is_alive(agent):
        Processes.send(agent["pid"], signal.SIGKILL)
    processes = Processes(attempt_id)
    keeper = claim["pid"] if claim is not None and claim.get("pid") and is_alive(claim) else None
    processes.kill_all(keeper)
    if keeper is not None:
        Processes.send(keeper, signal.SIGKILL)
        processes.kill_all(None)
    spec = read_json(os.path.join(home, "spec.json"))
    if spec is not None and spec.get("image") is not None:
        try:
            Docker().call("DELETE", "/containers/%s?force=true&v=true" % attempt_id)
        except OSError:
            pass
    for _round in range(100):
        shutil.rmtree(home, ignore_errors=True)
        if not os.path.exists(home):
            break
        time.sleep(0.05)
    return {"state": "gone" if not os.path.exists(home) else "running"}


def main(words):
    if len(words) != 2 or words[0] not in ("run", "start", "state", "end", "keep"):
        sys.stderr.write("usage: agent.py run|start CONFIG | state|end HOME\n")
        return 2
    if words[0] == "keep":
        keep(words[1])
    elif words[0] == "run":
        return work(words[1])
    else:
        answer = start(words[1]) if words[0] == "start" else end(words[1]) if words[0] == "end" else {"state": state_of(words[1])}
        sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
