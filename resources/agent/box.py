"""What Switchyard does on a machine it reaches over SSH. Python 3.8 or newer, standard library only.

It is sent over the connection and runs for as long as that lives; nothing of it is installed. It answers requests from
stdin on stdout. A message is two lengths (4 bytes each, big endian: head, body), the head as JSON, and the body.

Below ROOT/ENGINE, and nowhere else, lie:
  box/            the mailbox: objects that never change, written whole or not at all
  parts/SHA256    an upload that has begun; the name is the content's hash, so that it goes on where it was cut
  run/ATTEMPT/    what an attempt's agent works with
  lock/ATTEMPT    one file for each attempt ever started or ended here, held locked by its agent for as long as it lives;
                  one that was ended says so for ever, and is never started again
  environments/   what the pools' set-up commands install, shared by attempts
ROOT/agents/SHA256.py are the agents themselves.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

VERSION = 1
PAGE = 1000
COPY = 1 << 20
#: In the environment of an agent, and of what it starts.
MARKS = ("SWITCHYARD_MACHINE", "SWITCHYARD_ATTEMPT_ID")
#: Where an agent writes what is no object yet.
DRAFTS = ".drafts"
#: Packs are shared by trials; one that nobody sent again for so long goes.
PACKS = "packs"
PACK_DAYS = 14
TOMBSTONE_DAYS = 60
KILL_WAIT_S = 10
PLACES = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/lib/wsl/lib", "/run/current-system/sw/bin", "/opt/bin"]

KEY = re.compile(r"^[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*$")
NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,120}$")
SHA256 = re.compile(r"^[0-9a-f]{64}$")


class Fault(Exception):
    """A refusal with a code the other side knows."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def fault_of(error):
    """What an error of the system means to the other side."""
    if isinstance(error, Fault):
        return error.code, str(error)
    if isinstance(error, FileNotFoundError):
        return "not_found", "there is no such file"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "full", "no space is left in %s" % (error.filename or "its directory")
    if isinstance(error, OSError):
        where = " (%s)" % error.filename if error.filename else ""
        return "refused", "%s%s" % (error.strerror or error, where)
    return "refused", "%s: %s" % (type(error).__name__, error)


def checked_key(key):
    parts = key.split("/") if isinstance(key, str) else [""]
    if len(key) > 512 or not KEY.match(key) or "." in parts or ".." in parts:
        raise Fault("refused", "this is no key: %r" % (key,))
    return key


def checked_prefix(prefix):
    """Any beginning of a key, the empty one included."""
    if prefix == "":
        return prefix
    checked_key(prefix[:-1] if prefix.endswith("/") else prefix)
    return prefix


def checked(pattern, text, what):
    if not isinstance(text, str) or not pattern.match(text):
        raise Fault("refused", "this is no %s: %r" % (what, text))
    return text


def sync_dir(path):
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_dirs(path, top):
    """Makes a directory below `top`, durably. A trial may have removed its parents meanwhile: tried again by the caller."""
    missing = []
    at = path
    while at != top and not os.path.isdir(at):
        missing.append(at)
        at = os.path.dirname(at)
    for one in reversed(missing):
        try:
            os.mkdir(one, 0o700)
        except FileExistsError:
            continue
        sync_dir(os.path.dirname(one))


def write_all(fd, data):
    view = memoryview(data)
    while len(view) > 0:
        view = view[os.write(fd, view):]


def read_text(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


class Place:
    """The directories of one engine on this machine."""

    def __init__(self, root, engine):
        checked(NAME, engine, "engine")
        self.root = expand(root)
        self.top = os.path.join(self.root, engine)
        self.box = os.path.join(self.top, "box")
        self.parts = os.path.join(self.top, "parts")
        self.run = os.path.join(self.top, "run")
        self.lock = os.path.join(self.top, "lock")
        self.environments = os.path.join(self.top, "environments")
        self.agents = os.path.join(self.root, "agents")

    def make(self):
        os.makedirs(self.root, 0o700, exist_ok=True)
        for path in (self.top, self.agents, self.box, self.parts, self.run, self.lock, self.environments):
            os.makedirs(path, 0o700, exist_ok=True)
            found = os.lstat(path)
            if not os.path.isdir(path) or os.path.islink(path):
                raise Fault("refused", "%s is no directory" % path)
            if found.st_uid != os.getuid():
                raise Fault("refused", "%s belongs to somebody else" % path)
            if found.st_mode & 0o077:
                os.chmod(path, 0o700)
        self.forget_old()

    def forget_old(self):
        """Attempts that ended long ago are not asked for any more, nor are uploads nobody went on with."""
        packs = os.path.join(self.box, PACKS)
        for folder, days in ((self.lock, TOMBSTONE_DAYS), (self.parts, PACK_DAYS), (packs, PACK_DAYS)):
            limit = time.time() - days * 86400
            for name in os.listdir(folder) if os.path.isdir(folder) else []:
                path = os.path.join(folder, name)
                try:
                    if os.lstat(path).st_mtime < limit and (folder != self.lock or record_of(path).get("ended")):
                        os.unlink(path)
                except OSError:
                    continue


def is_there(place, key):
    """Whether there is such an object. One that is wanted again counts as new."""
    path = object_path(place, key)
    if not os.path.lexists(path):
        return False
    try:
        os.utime(path, follow_symlinks=False)
    except OSError:
        pass
    return os.path.lexists(path)


def expand(root):
    if not isinstance(root, str) or "\0" in root or ".." in root.split("/"):
        raise Fault("refused", "this is no directory: %r" % (root,))
    if root.startswith("~/"):
        return os.path.join(os.path.expanduser("~"), root[2:]).rstrip("/")
    if not root.startswith("/"):
        raise Fault("refused", "this is no absolute directory: %r" % (root,))
    return root.rstrip("/")


# ---- the mailbox ----


def object_path(place, key):
    return os.path.join(place.box, checked_key(key))


def publish(place, source, key):
    """Gives a finished file its key, or leaves the object that is there. The file's own name goes in either case."""
    path = object_path(place, key)
    folder = os.path.dirname(path)
    for attempt in range(5):
        make_dirs(folder, place.box)
        try:
            os.link(source, path, follow_symlinks=False)
            outcome = "stored"
            break
        except FileExistsError:
            outcome = "exists"
            break
        except FileNotFoundError:
            # Somebody removed the directory between.
            if attempt == 4:
                raise
    sync_dir(folder)
    os.unlink(source)
    return outcome


def put(place, head, body):
    if is_there(place, head["key"]):
        return {"outcome": "exists"}, b""
    aside = os.path.join(place.parts, "small-%d-%s" % (os.getpid(), os.urandom(8).hex()))
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            write_all(fd, body)
            os.fsync(fd)
        finally:
            os.close(fd)
        return {"outcome": publish(place, aside, head["key"])}, b""
    except BaseException:
        try:
            os.unlink(aside)
        except OSError:
            pass
        raise


def begin(place, head, _body):
    """How much of an upload is here already."""
    if is_there(place, head["key"]):
        return {"exists": True, "have": 0}, b""
    part = os.path.join(place.parts, checked(SHA256, head["sha256"], "hash"))
    try:
        have = os.lstat(part).st_size
    except FileNotFoundError:
        have = 0
    if have > head["size"]:
        os.unlink(part)
        have = 0
    return {"exists": False, "have": have}, b""


def chunk(place, head, body):
    part = os.path.join(place.parts, checked(SHA256, head["sha256"], "hash"))
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        # A hole would count as sent after a cut.
        if head["offset"] > os.fstat(fd).st_size:
            raise Fault("network", "a part of the upload is missing; it goes on from there")
        os.lseek(fd, head["offset"], os.SEEK_SET)
        write_all(fd, body)
        return {"have": os.fstat(fd).st_size}, b""
    finally:
        os.close(fd)


def commit(place, head, _body):
    part = os.path.join(place.parts, checked(SHA256, head["sha256"], "hash"))
    digest = hashlib.sha256()
    # Where the answer to the first commit was lost, the part is the object by now.
    if not os.path.lexists(part) and is_there(place, head["key"]):
        return {"outcome": "exists"}, b""
    with open(part, "rb") as file:
        for block in iter(lambda: file.read(COPY), b""):
            digest.update(block)
        os.fsync(file.fileno())
    if digest.hexdigest() != head["sha256"]:
        os.unlink(part)
        raise Fault("network", "what arrived is not what was sent; it is sent again")
    return {"outcome": publish(place, part, head["key"])}, b""


def read(place, head, _body):
    fd = os.open(object_path(place, head["key"]), os.O_RDONLY | os.O_NOFOLLOW)
    try:
        size = os.fstat(fd).st_size
        left = max(0, size - head["from"])
        if head.get("length") is not None:
            left = min(left, head["length"])
        os.lseek(fd, head["from"], os.SEEK_SET)
        blocks = []
        while left > 0:
            block = os.read(fd, min(left, COPY))
            if not block:
                break
            blocks.append(block)
            left -= len(block)
        return {"size": size}, b"".join(blocks)
    finally:
        os.close(fd)


def walk(top, base, prefix, after):
    """Objects in the order of their keys' bytes; a directory stands where its name with a slash does."""
    names = []
    try:
        with os.scandir(top) as entries:
            for entry in entries:
                if base == "" and entry.name == DRAFTS:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    names.append((entry.name + "/", entry))
                elif entry.is_file(follow_symlinks=False):
                    names.append((entry.name, entry))
    except (FileNotFoundError, NotADirectoryError):
        return
    for name, entry in sorted(names, key=lambda pair: pair[0].encode()):
        key = base + name
        if name.endswith("/"):
            if not (key.startswith(prefix) or prefix.startswith(key)):
                continue
            if after is not None and key < after and not after.startswith(key):
                continue
            for one in walk(entry.path, key, prefix, after):
                yield one
        elif key.startswith(prefix) and (after is None or key > after) and KEY.match(key):
            try:
                yield key, entry.stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                continue


def list_objects(place, head, _body):
    prefix = checked_prefix(head["prefix"])
    objects = []
    for key, size in walk(place.box, "", prefix, head.get("after")):
        if len(objects) == PAGE:
            return {"objects": objects, "more": True}, b""
        objects.append([key, size])
    return {"objects": objects, "more": False}, b""


def remove(place, head, _body):
    prefix = checked_prefix(head["prefix"])
    if prefix == "":
        raise Fault("refused", "nobody removes everything")
    folders = set()
    for key, _size in list(walk(place.box, "", prefix, None)):
        path = os.path.join(place.box, key)
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        at = os.path.dirname(path)
        while len(at) > len(place.box):
            folders.add(at)
            at = os.path.dirname(at)
    for folder in sorted(folders, key=len, reverse=True):
        try:
            os.rmdir(folder)
        except OSError:
            pass
    return {}, b""


# ---- agents ----


def lock_path(place, attempt):
    return os.path.join(place.lock, checked(NAME, attempt, "attempt"))


def try_lock(path, make):
    """@returns an open and locked file, or None where its agent holds it."""
    fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | (os.O_CREAT if make else 0), 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return fd
    except BlockingIOError:
        os.close(fd)
        return None
    except BaseException:
        os.close(fd)
        raise


def write_whole(path, data):
    aside = "%s.%d" % (path, os.getpid())
    with open(aside, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
    sync_dir(os.path.dirname(path))


def write_record(fd, record):
    data = json.dumps(record).encode()
    os.ftruncate(fd, 0)
    os.lseek(fd, 0, os.SEEK_SET)
    write_all(fd, data)
    os.fsync(fd)


def record_of(path):
    try:
        return json.loads(read_text(path) or "{}")
    except ValueError:
        return {}


def read_bytes(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def marked(place, attempt):
    """Processes of the attempt that are alive, as their environment and arguments tell."""
    wanted = {("%s=%s" % (mark, attempt)).encode() for mark in MARKS}
    home = os.path.join(place.run, attempt).encode()
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        words = read_bytes("/proc/%s/cmdline" % name).split(b"\0")
        if home in words or home + b"/config.json" in words:
            found.append(int(name))
        elif not wanted.isdisjoint(read_bytes("/proc/%s/environ" % name).split(b"\0")):
            found.append(int(name))
    return found


def look_at(place, attempt):
    path = lock_path(place, attempt)
    try:
        fd = try_lock(path, False)
    except FileNotFoundError:
        return {"state": "gone", "startedAtMs": None, "deadlineMs": None}
    record = record_of(path)
    if fd is None:
        state = "ending" if record.get("ended") else "running"
    else:
        try:
            return ended_state(place, attempt, record)
        finally:
            os.close(fd)
    return {"state": state, "startedAtMs": record.get("startedAtMs"), "deadlineMs": record.get("deadlineMs")}


def look(place, head, _body):
    return look_at(place, head["attempt"]), b""


def keep_agent(place, sha256, body):
    path = os.path.join(place.agents, checked(SHA256, sha256, "hash") + ".py")
    try:
        with open(path, "rb") as file:
            if hashlib.sha256(file.read()).hexdigest() == sha256:
                return path
    except FileNotFoundError:
        pass
    if hashlib.sha256(body).hexdigest() != sha256:
        raise Fault("network", "the agent did not arrive whole")
    write_whole(path, body)
    return path


started = []


def start(place, head, body):
    """
    Starts the agent of an attempt where none lives. One that went down with the machine is started again: it goes on from what it
    noted, and never starts its program twice. One that was ended is not.
    """
    attempt = checked(NAME, head["attempt"], "attempt")
    agent = keep_agent(place, head["sha256"], body)
    path = lock_path(place, attempt)
    fd = try_lock(path, True)
    if fd is None:
        return look_at(place, attempt), b""
    try:
        record = record_of(path)
        if record.get("ended"):
            return ended_state(place, attempt, record), b""
        folder = os.path.join(place.run, attempt)
        os.makedirs(folder, 0o700, exist_ok=True)
        config = dict(
            head["config"], home=folder, mailbox={"kind": "directory", "path": place.box}, environments=place.environments
        )
        file = os.path.join(folder, "config.json")
        write_whole(file, json.dumps(config).encode())
        if not record:
            write_record(fd, {"startedAtMs": int(time.time() * 1000), "deadlineMs": head.get("deadlineMs")})
            sync_dir(place.lock)
        argv = [sys.executable or "python3", agent, "run", file]
        env = {name: value for name, value in os.environ.items() if not name.startswith("SSH_")}
        env[MARKS[0]] = attempt
        log = os.open(os.path.join(folder, "agent.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            started.append(
                subprocess.Popen(
                    argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, pass_fds=(fd,),
                )
            )
        finally:
            os.close(log)
    finally:
        # The lock lives on in the agent.
        os.close(fd)
    return look_at(place, attempt), b""


def ended_state(place, attempt, record):
    """@returns what `look_at` tells, said by whoever holds the lock."""
    state = "ending" if marked(place, attempt) else "gone"
    return {"state": state, "startedAtMs": record.get("startedAtMs"), "deadlineMs": record.get("deadlineMs")}


def end(place, head, _body):
    """Ends an agent and all it started, removes its directory, and sees to it that it can never be started again."""
    attempt = checked(NAME, head["attempt"], "attempt")
    path = lock_path(place, attempt)
    until = time.monotonic() + KILL_WAIT_S
    kill_marked(place, attempt)
    # An agent that lives holds it; once it is ours, no agent can come.
    fd = try_lock(path, True)
    while fd is None:
        if time.monotonic() > until:
            raise Fault("refused", "the agent of %s does not end" % attempt)
        time.sleep(0.02)
        kill_marked(place, attempt)
        fd = try_lock(path, True)
    try:
        remove_containers(attempt)
        while kill_marked(place, attempt):
            if time.monotonic() > until:
                raise Fault("refused", "processes of %s do not end: %s" % (attempt, marked(place, attempt)))
            time.sleep(0.02)
        write_record(fd, dict(record_of(path), ended=True))
    finally:
        os.close(fd)
    remove_tree(os.path.join(place.run, attempt))
    return {}, b""


def kill_marked(place, attempt):
    """@returns how many there were"""
    found = marked(place, attempt)
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    return len(found)


def remove_containers(attempt):
    docker = find_program("docker")
    if docker is None:
        return
    listed = run([docker, "ps", "-aq", "--filter", "label=switchyard.attempt=" + attempt], 20)
    for name in listed["out"].decode("utf-8", "replace").split():
        run([docker, "rm", "-f", name], 60)


def remove_tree(path):
    def again(function, target, _error):
        # A trial may have taken its own rights away.
        try:
            os.chmod(os.path.dirname(target), 0o700)
            if not os.path.islink(target):
                os.chmod(target, 0o700)
            function(target)
        except OSError:
            pass

    shutil.rmtree(path, onerror=again)
    if os.path.lexists(path):
        raise Fault("refused", "%s cannot be removed" % path)


# As the engine names attempts: other things lie in the mailbox beside what is theirs.
ATTEMPT = re.compile(r"^[a-z0-9-]+-t[0-9]+-a[0-9]+$")


# One that is being sent has a description and no agent yet.
LEFT_AFTER_S = 3600


def leftovers(place):
    """Attempts of which something has lain here for an hour, whether or not an agent ever started: its description holds the trial's environment."""
    found = set()
    for top in (place.run, place.box):
        for name in os.listdir(top) if os.path.isdir(top) else []:
            if ATTEMPT.match(name) and os.lstat(os.path.join(top, name)).st_mtime < time.time() - LEFT_AFTER_S:
                found.add(name)
    return found


def machines(head, _body):
    """Attempts of any engine below this root that are not gone, or of which something is left ("ending")."""
    root = expand(head["root"])
    found = []
    for engine in sorted(os.listdir(root)) if os.path.isdir(root) else []:
        if engine == "agents" or not NAME.match(engine) or not os.path.isdir(os.path.join(root, engine, "lock")):
            continue
        place = Place(head["root"], engine)
        left = leftovers(place)
        for attempt in sorted(left.union(os.listdir(place.lock))):
            if not NAME.match(attempt):
                continue
            state = look_at(place, attempt)
            if state["state"] == "gone" and attempt in left:
                state = dict(state, state="ending")
            if state["state"] != "gone":
                found.append(dict(state, attempt=attempt, engine=engine))
    return {"machines": found}, b""


# ---- the machine ----


def find_program(name):
    if "/" in name:
        return name if os.access(name, os.X_OK) else None
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", "")] + PLACES))


def run(argv, timeout_s):
    """Runs a program in a group of its own; it is killed with all it started when its time is over."""
    began = time.monotonic()
    env = dict(os.environ, LC_ALL="C", LANG="C")
    child = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, start_new_session=True
    )
    kind = "output"
    try:
        out, err = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        kind = "hung"
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        try:
            out, err = child.communicate(timeout=1)
        except subprocess.TimeoutExpired:
            out, err = b"", b""
    took = int((time.monotonic() - began) * 1000)
    return {"kind": kind, "exitCode": child.returncode, "tookMs": took, "out": out, "err": err}


def execute(head, _body):
    program = find_program(head["argv"][0])
    if program is None:
        return {"kind": "missing", "exitCode": None, "tookMs": 0, "outBytes": 0}, b""
    try:
        done = run([program] + head["argv"][1:], head["timeoutS"])
    except OSError as error:
        return {"kind": "failed", "exitCode": None, "tookMs": 0, "outBytes": 0}, str(error).encode()
    limit = 16 << 20
    out = done.pop("out")[:limit]
    err = done.pop("err")[:limit]
    return dict(done, outBytes=len(out), program=program), out + err


def which(head, _body):
    signs = ("/proc/driver/nvidia/version", "/dev/nvidia0", "/dev/nvidiactl")
    return {"program": find_program(head["name"]), "driver": any(os.path.exists(sign) for sign in signs)}, b""


def ms_of_boot():
    found = re.search(r"^btime (\d+)$", read_text("/proc/stat"), re.M)
    return int(found.group(1)) * 1000 if found else None


def attempt_of(pid):
    """The attempt a process belongs to, as its environment or that of whoever started it tells."""
    for _ in range(64):
        try:
            with open("/proc/%d/environ" % pid, "rb") as file:
                for pair in file.read().split(b"\0"):
                    name, _, value = pair.decode("utf-8", "replace").partition("=")
                    if name in MARKS:
                        return value
        except OSError:
            pass
        found = re.search(r"^PPid:\s+(\d+)", read_text("/proc/%d/status" % pid), re.M)
        if not found or int(found.group(1)) <= 1:
            return None
        pid = int(found.group(1))
    return None


def processes(head, _body):
    """Whose processes are, since when, and of which attempt."""
    import pwd

    boot = ms_of_boot()
    found = []
    for pid in head["pids"]:
        status = read_text("/proc/%d/status" % int(pid))
        stat = read_text("/proc/%d/stat" % int(pid))
        uid = re.search(r"^Uid:\s+(\d+)", status, re.M)
        fields = stat[stat.rfind(")") + 2:].split(" ")
        if not uid or len(fields) < 20 or boot is None:
            continue
        try:
            user = pwd.getpwuid(int(uid.group(1))).pw_name
        except KeyError:
            user = "user " + uid.group(1)
        ticks = os.sysconf("SC_CLK_TCK")
        since = boot + int(fields[19]) * 1000 // ticks
        found.append([int(pid), user, since, attempt_of(int(pid))])
    return {"processes": found}, b""


def memory():
    text = read_text("/proc/meminfo")
    kib = dict(re.findall(r"^(\w+):\s+(\d+) kB", text, re.M))
    total = int(kib["MemTotal"]) // 1024 if "MemTotal" in kib else None
    free = int(kib["MemAvailable"]) // 1024 if "MemAvailable" in kib else None
    return total, None if total is None or free is None else total - free


def disk_of(path):
    at = path
    while not os.path.exists(at) and at != "/":
        at = os.path.dirname(at)
    stats = os.statvfs(at)
    mib = 1 << 20
    return at, stats.f_bavail * stats.f_frsize // mib, stats.f_blocks * stats.f_frsize // mib


def processor_ticks():
    first = read_text("/proc/stat").split("\n", 1)[0].split()[1:9]
    ticks = [int(field) for field in first]
    return (sum(ticks), ticks[3] + ticks[4]) if len(ticks) >= 5 else (0, 0)


def host(head, _body):
    """Figures of the machine. Makes nothing."""
    root = expand(head["root"])
    at, free, total = disk_of(root)
    total_memory, used_memory = memory()
    ticks, idle = processor_ticks()
    try:
        cpus = len(os.sched_getaffinity(0))
    except AttributeError:
        cpus = os.cpu_count() or 1
    return {
        "hostname": socket.gethostname(),
        "user": os.environ.get("USER") or str(os.getuid()),
        "uid": os.getuid(),
        "python": "%d.%d.%d" % sys.version_info[:3],
        "system": os.uname().sysname,
        "cpus": cpus,
        "memoryMiB": total_memory,
        "memoryUsedMiB": used_memory,
        "root": root,
        "rootExists": os.path.isdir(root),
        "rootTaken": os.path.lexists(root) and not os.path.isdir(root),
        "rootWritable": os.access(at, os.W_OK | os.X_OK),
        "nearest": at,
        "diskFreeMiB": free,
        "diskTotalMiB": total,
        "bootId": read_text("/proc/sys/kernel/random/boot_id").strip() or None,
        "ticks": ticks,
        "idleTicks": idle,
        "nowMs": int(time.time() * 1000),
    }, b""


# ---- the conversation ----

PLACED = {
    "put": put, "begin": begin, "chunk": chunk, "commit": commit, "read": read, "list": list_objects, "remove": remove,
    "start": start, "look": look, "end": end,
}
FREE = {"exec": execute, "which": which, "host": host, "processes": processes, "machines": machines}
# These may take long, and nothing waits for them; the rest is done in the order in which it comes.
SLOW = {"exec", "end", "commit", "host", "machines", "processes"}


class Server:
    def __init__(self, source, sink):
        self.source = source
        self.sink = sink
        self.write_lock = threading.Lock()
        self.place = None

    def answer(self, ident, head, body=b""):
        data = json.dumps(dict(head, id=ident)).encode()
        with self.write_lock:
            self.sink.write(struct.pack(">II", len(data), len(body)) + data + body)
            self.sink.flush()

    def handle(self, head, body):
        ident = head.get("id")
        try:
            result, out = self.dispatch(head, body)
        except BrokenPipeError:
            os._exit(0)
        except Exception as error:  # Whatever it is, whoever asked has to hear of it.
            code, message = fault_of(error)
            result, out = {"fault": {"code": code, "message": message}}, b""
        try:
            self.answer(ident, result, out)
        except OSError:
            os._exit(0)

    def dispatch(self, head, body):
        op = head.get("op")
        if op == "open":
            place = Place(head["root"], head["engine"])
            place.make()
            self.place = place
            return {"root": place.root, "box": place.box}, b""
        if op in FREE:
            return FREE[op](head, body)
        if op not in PLACED:
            raise Fault("refused", "unknown request %r" % (op,))
        if self.place is None:
            raise Fault("refused", "no place is open")
        return PLACED[op](self.place, head, body)

    def exactly(self, count):
        data = self.source.read(count)
        return data if len(data) == count else None

    def serve(self):
        while True:
            lengths = self.exactly(8)
            if lengths is None:
                return
            head_length, body_length = struct.unpack(">II", lengths)
            data = self.exactly(head_length)
            body = self.exactly(body_length)
            if data is None or body is None:
                return
            head = json.loads(data.decode())
            for child in list(started):
                if child.poll() is not None:
                    started.remove(child)
            if head.get("op") in SLOW:
                threading.Thread(target=self.handle, args=(head, body), daemon=True).start()
            else:
                self.handle(head, body)


def main(nonce):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    sink = sys.stdout.buffer
    hello = {"version": VERSION, "python": list(sys.version_info[:3])}
    # A shell's start-up files may have said something before.
    sink.write(("\nSWITCHYARD-BOX %s %s\n" % (nonce, json.dumps(hello))).encode())
    sink.flush()
    if sys.version_info < (3, 8):
        return
    os.umask(0o077)
    Server(sys.stdin.buffer, sink).serve()
    # Threads may still hold locks of the interpreter.
    os._exit(0)
