"""What a hostile document would try that has taken over its process; runs inside the cage.

Its text is handed to a process behind the walls, so it must need nothing but the product and
Python. Each way is a function that says what it reached; an empty answer or an error means that the
way is closed.
"""

import contextlib
import ctypes
import errno
import os
import resource
import signal
import socket
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
MARK = bytearray(b"honest template")
PLACE = ctypes.addressof(ctypes.c_char.from_buffer(MARK))
CALLS = {  # x86_64, aarch64
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "keyctl": (250, 219), "add_key": (248,
    217), "bpf": (321, 280), "mount": (165, 40), "unshare": (272, 97), "setns": (308, 268),
    "io_uring_setup": (425, 425), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "memfd_create": (319, 279), "fsopen": (430, 430), "open_tree": (428, 428),
    "open_by_handle_at": (304, 265), "kexec_load": (246, 104), "init_module": (175, 105),
    "swapon": (167, 224), "pivot_root": (155, 41), "chroot": (161, 51), "shmget": (29, 194),
    "clone3": (435, 435), "prlimit64": (302, 261), "personality": (135, 92),
}  # fmt: skip


def call(name, *arguments):
    number = CALLS[name][os.uname().machine == "aarch64"]
    result = LIBC.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def others(told):
    """Numbers of processes that are none of its own: template, guard, siblings, the daemon."""
    seen = {os.getppid(), *range(1, 40), *told["processes"]}
    with contextlib.suppress(OSError):
        seen |= {int(name) for name in os.listdir("/proc") if name.isdigit()}
    return sorted(seen - {os.getpid(), 0})


def tried(*ways):
    """Names of those ways that did not fail."""
    reached = []
    for name, way in ways:
        with contextlib.suppress(OSError, ValueError):
            if way() is not False:
                reached.append(name)
    return reached


def change_the_received_file(told, fd):
    proc = f"/proc/self/fd/{fd}"
    return tried(
        ("reopen", lambda: os.write(os.open(proc, os.O_WRONLY), b"forged")),
        ("dev fd", lambda: os.write(os.open(f"/dev/fd/{fd}", os.O_RDWR), b"forged")),
        ("write", lambda: os.pwrite(fd, b"forged", 0)),
        ("fchmod", lambda: os.fchmod(fd, 0o777)),
        ("chmod", lambda: os.chmod(proc, 0o777)),
        ("truncate", lambda: os.truncate(proc, 1)),
        ("ftruncate", lambda: os.ftruncate(fd, 1)),
        ("utime", lambda: os.utime(proc, (1, 1))),
        ("futime", lambda: os.utime(fd, (1, 1))),
        ("setxattr", lambda: os.setxattr(fd, "user.forged", b"1")),
        ("fchown", lambda: os.fchown(fd, os.geteuid(), os.getegid())),
    )


def change_the_archive(told, _fd):
    path = told["original"]
    beside = os.path.join(os.path.dirname(path), "forged")
    return tried(
        ("read", lambda: open(path, "rb").close()),
        ("open", lambda: os.close(os.open(path, os.O_WRONLY))),
        ("truncate", lambda: os.truncate(path, 1)),
        ("chmod", lambda: os.chmod(path, 0o777)),
        ("utime", lambda: os.utime(path, (1, 1))),
        ("link", lambda: os.link(path, os.path.join(os.getcwd(), "stolen"))),
        ("rename", lambda: os.rename(path, beside)),
        ("unlink", lambda: os.unlink(path)),
        ("create", lambda: os.close(os.open(beside, os.O_CREAT | os.O_WRONLY))),
        ("mkdir", lambda: os.mkdir(beside)),
        ("passwd", lambda: open("/etc/passwd", "rb").close()),
        ("root", lambda: os.close(os.open("/forged", os.O_CREAT | os.O_WRONLY))),
        ("dev", lambda: os.close(os.open("/dev/forged", os.O_CREAT | os.O_WRONLY))),
    )


def seize(pid):
    call("ptrace", 0x4206, pid, 0, 0)  # PTRACE_SEIZE
    call("ptrace", 17, pid, 0, 0)  # PTRACE_DETACH, fails while it runs: it is held all the same


def overwrite(pid):
    """Write over the template's memory; a fork has the same addresses."""
    content = ctypes.create_string_buffer(b"FORGED")
    for way in ("process_vm_writev", "mem"):
        with contextlib.suppress(OSError):
            if way == "mem":
                with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
                    memory.seek(PLACE)
                    memory.write(b"FORGED")
            else:
                here = (ctypes.c_size_t * 2)(ctypes.addressof(content), 6)
                there = (ctypes.c_size_t * 2)(PLACE, 6)
                vectors = ctypes.addressof(here), 1, ctypes.addressof(there), 1
                call(way, pid, *vectors, 0)
            return
    raise OSError(errno.EPERM, "overwrite")


def steal_descriptors(pid):
    process = call("pidfd_open", pid, 0)
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            os.close(call("pidfd_getfd", process, number, 0))
            return
    raise OSError(errno.EPERM, "pidfd_getfd")


def take_over_another_process(told, _fd):
    return [
        f"{name} {pid}"
        for pid in others(told)
        for name in tried(
            ("overwrite", lambda pid=pid: overwrite(pid)),
            ("pidfd_getfd", lambda pid=pid: steal_descriptors(pid)),
            ("environ", lambda pid=pid: open(f"/proc/{pid}/environ", "rb").read() and None),
            ("fd", lambda pid=pid: os.listdir(f"/proc/{pid}/fd") and None),
            ("ptrace", lambda pid=pid: seize(pid)),
        )
    ]


def disturb_another_process(told, _fd):
    """The daemon, by its number; a forged limit would end it."""
    limits = (ctypes.c_uint64 * 2)(1 << 40, 1 << 40)
    ours, _theirs = socket.socketpair()
    import fcntl

    return [
        f"{name} {pid}"
        for pid in told["processes"]
        for name in tried(
            ("signal", lambda pid=pid: os.kill(pid, 0)),
            ("limit", lambda pid=pid: call("prlimit64", pid, 1, ctypes.addressof(limits), 0)),
            ("priority", lambda pid=pid: os.setpriority(os.PRIO_PROCESS, pid, 19)),
            ("affinity", lambda pid=pid: os.sched_setaffinity(pid, {0})),
            ("owner", lambda pid=pid: fcntl.fcntl(ours, fcntl.F_SETOWN, pid)),
        )
    ]


def reach_the_network(told, _fd):
    def connected(family, address):
        with socket.socket(family) as sock:
            sock.settimeout(2)
            sock.connect(address)

    return tried(
        ("tcp", lambda: connected(socket.AF_INET, ("127.0.0.1", told["port"]))),
        ("socket of the daemon", lambda: connected(socket.AF_UNIX, told["socket"])),
        ("abstract socket", lambda: connected(socket.AF_UNIX, "\0" + told["abstract"])),
        ("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()),
        ("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()),
    )


def leave_something(told, _fd):
    for folder in (os.getcwd(), "/tmp", "/dev/shm", "/dev", "/", "/var/tmp", told["scratch"]):
        with contextlib.suppress(OSError), open(os.path.join(folder, "left behind"), "w") as file:
            file.write("secret of the first document")
    deep = os.getcwd()
    with contextlib.suppress(OSError):
        os.chdir(deep)
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
    return []


def find_something(told, _fd):
    found = []
    for folder in (os.getcwd(), "/tmp", "/dev/shm", "/dev", "/", "/var/tmp", told["scratch"]):
        with contextlib.suppress(OSError):
            found += [
                f"{folder}/{name}" for name in os.listdir(folder) if name in ("left behind", "d")
            ]
    return found


def make_a_namespace(told, _fd):
    def cloned(flags):
        pid = LIBC.syscall(
            56 if os.uname().machine != "aarch64" else 220, flags | signal.SIGCHLD, 0, 0, 0, 0
        )
        if pid == 0:
            os._exit(0)
        if pid < 0:
            raise OSError(ctypes.get_errno(), "clone")

    flags = {"user": 0x10000000, "mount": 0x00020000, "pid": 0x20000000, "net": 0x40000000}
    own = "/proc/self/ns/user"
    return tried(
        *(
            (f"unshare {name}", lambda flag=flag: call("unshare", flag))
            for name, flag in flags.items()
        ),
        *((f"clone {name}", lambda flag=flag: cloned(flag)) for name, flag in flags.items()),
        ("setns", lambda: call("setns", os.open(own, os.O_RDONLY), 0)),
    )


def call_what_no_parser_needs(told, _fd):
    text = ctypes.create_string_buffer(b"tmpfs")
    at = ctypes.addressof(text)
    block = (ctypes.c_uint8 * 256)()
    zeros = ctypes.addressof(block)
    return tried(
        ("keyctl", lambda: call("keyctl", 0, -3, 1)),
        ("add_key", lambda: call("add_key", at, at, at, 4, -3)),
        ("bpf", lambda: call("bpf", 0, zeros, 128)),
        ("mount", lambda: asked_at_all("mount", at, 0, at, 0, 0)),
        ("io_uring", lambda: call("io_uring_setup", 4, zeros)),
        ("perf", lambda: call("perf_event_open", zeros, 0, -1, -1, 0)),
        ("userfaultfd", lambda: call("userfaultfd", 1)),
        ("memfd", lambda: call("memfd_create", at, 0)),
        ("fsopen", lambda: call("fsopen", at, 0)),
        ("shmget", lambda: call("shmget", 0, 4096, 0o600)),
        ("personality", lambda: call("personality", 0x0040000)),
        ("chroot", lambda: asked_at_all("chroot", 0)),
        ("mknod", lambda: os.mknod("device", 0o60666, 0)),
        ("setuid", lambda: os.setuid(0) if os.getuid() else False),
        ("capabilities", lambda: struct.unpack("6I", capabilities())[0] != 0),
        ("shared memory", shared_memory),
    )


def asked_at_all(name, *arguments):
    """Call with an address that is none: whoever looks at it would have done the work."""
    try:
        call(name, *arguments)
    except OSError as error:
        return error.errno == errno.EFAULT


def capabilities():
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    LIBC.capget(header, data)
    return bytes(data)


def shared_memory():
    import mmap

    mmap.mmap(-1, 1 << 20, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)


def breed(told, _fd):
    """A fork bomb; whoever is left counts."""
    for _ in range(100_000):
        with contextlib.suppress(OSError):
            if os.fork() == 0:
                signal.pause()
    signal.pause()


def fill_memory(told, _fd):
    """More memory than one process may have, by several."""
    for _ in range(6):
        if os.fork() == 0:
            held = []
            with contextlib.suppress(MemoryError):
                while True:
                    held.append(bytearray(os.urandom(1 << 20)) * 16)
            signal.pause()
    signal.pause()


def fill_disk(told, _fd):
    """More than one file may have, by several; the last ones have no name."""
    written = 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    block = bytes(1 << 20)
    for folder in (os.getcwd(), "/tmp", "/dev/shm"):
        with contextlib.suppress(OSError):
            for number in range(600):
                with open(os.path.join(folder, f"fill{number}"), "wb", buffering=0) as file:
                    file.write(block)
                    written += 1
    return [f"{written} MiB"]
