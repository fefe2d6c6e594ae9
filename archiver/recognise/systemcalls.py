"""The system calls that readers and engines need, as a filter that refuses all others.

Promises a filter by an allow list: what is not named here does not exist for the caged process
(ENOSYS, upon which libraries take an older way). Nothing in it reaches another process, opens a
socket, makes a namespace, or changes owner, mode or times of a file. The program is made by
libseccomp for the machine at hand.

The list was taken from what Python, pikepdf, pdfium, Pillow, Tesseract, Ghostscript and poppler
call while they work on good and on hostile files, with the older and newer forms of the same calls.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import termios

import pyseccomp as seccomp

from archiver.recognise import kernel

_NEW_NAMESPACES = (
    kernel.CLONE_NEWTIME | kernel.CLONE_NEWNS | kernel.CLONE_NEWCGROUP | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUSER | kernel.CLONE_NEWPID | kernel.CLONE_NEWNET
) & ~0xFF  # the lowest byte of clone(2) is a signal  # fmt: skip
_MAP_SHARED, _MAP_ANONYMOUS = 0x01, 0x20

_FREE = tuple(
    """
    read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek close
    close_range dup dup2 dup3 pipe pipe2 open openat openat2 creat stat lstat fstat newfstatat
    statx stat64 lstat64 fstat64 fstatat64 access faccessat faccessat2 readlink readlinkat
    getdents getdents64 getcwd chdir fchdir mkdir mkdirat rmdir unlink unlinkat rename renameat
    renameat2 link linkat symlink symlinkat umask ftruncate ftruncate64 fallocate fadvise64
    fadvise64_64 arm_fadvise64_64 readahead flock fsync fdatasync sync_file_range
    sync_file_range2 copy_file_range sendfile sendfile64 splice tee statfs fstatfs statfs64
    fstatfs64 getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr poll ppoll
    ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl
    epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2 timerfd_create timerfd_settime
    timerfd_gettime brk munmap mremap mprotect madvise msync mincore membarrier sendmsg recvmsg
    sendto recvfrom sendmmsg recvmmsg send recv shutdown getsockopt setsockopt getsockname
    getpeername execve fork vfork wait4 waitpid waitid exit exit_group set_tid_address
    set_robust_list rseq restart_syscall sched_yield futex futex_time64 futex_waitv gettid
    getpid getppid getpgid getpgrp getsid setsid setpgid arch_prctl getuid geteuid getgid
    getegid getresuid getresgid getgroups getuid32 geteuid32 getgid32 getegid32 getresuid32
    getresgid32 getgroups32 capget rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending
    rt_sigtimedwait rt_sigtimedwait_time64 rt_sigsuspend sigaltstack sigreturn pause alarm
    setitimer getitimer timer_create timer_settime timer_gettime timer_delete timer_getoverrun
    nanosleep clock_nanosleep clock_nanosleep_time64 clock_gettime clock_gettime64 clock_getres
    clock_getres_time64 gettimeofday time times getrusage getrlimit ugetrlimit setrlimit sysinfo
    uname getcpu getpriority getrandom
    """.split()  # noqa: SIM905 (one a line would be four screens)
)

# Calls with a number of a process; 0 means the calling one.
_OF_ITSELF = (
    "prlimit64", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_getattr",
)  # fmt: skip
_SIGNALS = ("kill", "tkill", "tgkill", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo")

_FCNTL = (
    fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL,
    fcntl.F_SETFL, fcntl.F_GETLK, fcntl.F_SETLK, fcntl.F_SETLKW, fcntl.F_OFD_GETLK,
    fcntl.F_OFD_SETLK, fcntl.F_OFD_SETLKW, fcntl.F_GET_SEALS, fcntl.F_GETPIPE_SZ,
)  # fmt: skip
_IOCTL = (
    termios.TCGETS, termios.TIOCGWINSZ, termios.FIONREAD, termios.FIONBIO, termios.FIOCLEX,
    termios.FIONCLEX, termios.TIOCGPGRP,
)  # fmt: skip
_PR_SET_PDEATHSIG, _PR_GET_DUMPABLE, _PR_SET_NAME, _PR_GET_NAME = 1, 3, 15, 16
_PR_CAPBSET_READ, _PR_SET_NO_NEW_PRIVS, _PR_GET_NO_NEW_PRIVS, _PR_SET_VMA = 23, 38, 39, 0x53564D41
_PRCTL = (
    _PR_SET_PDEATHSIG, _PR_GET_DUMPABLE, _PR_SET_NAME, _PR_GET_NAME, _PR_CAPBSET_READ,
    _PR_SET_NO_NEW_PRIVS, _PR_GET_NO_NEW_PRIVS, _PR_SET_VMA,
)  # fmt: skip


def allowed(*, signals: bool) -> seccomp.SyscallFilter:
    """Make the filter; its ``load()`` puts it into force for this process and all it starts.

    Args:
        signals: whether signals may be sent, because another wall lets none out.
    """
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    for name in (*_FREE, *(_SIGNALS if signals else ())):
        _allow(rules, name)
    if not signals:
        # What abort(3) and raise(3) do.
        _allow(rules, "tgkill", seccomp.Arg(0, seccomp.EQ, os.getpid()))
    for name in _OF_ITSELF:
        _allow(rules, name, seccomp.Arg(0, seccomp.EQ, 0))
    _allow(rules, "setpriority", seccomp.Arg(0, seccomp.EQ, 0), seccomp.Arg(1, seccomp.EQ, 0))
    _allow(rules, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _NEW_NAMESPACES, 0))
    _allow(rules, "socketpair", seccomp.Arg(0, seccomp.EQ, socket.AF_UNIX))
    # Shared memory without a name is counted nowhere once it is no longer mapped.
    for call in ("mmap", "mmap2"):
        for kind in (0, _MAP_SHARED, _MAP_ANONYMOUS):
            both = _MAP_SHARED | _MAP_ANONYMOUS
            _allow(rules, call, seccomp.Arg(3, seccomp.MASKED_EQ, both, kind))
    for call in ("fcntl", "fcntl64"):
        for command in _FCNTL:
            _allow(rules, call, seccomp.Arg(1, seccomp.EQ, command))
    for command in _IOCTL:
        # The kernel looks at the lower half only, and C libraries fill the upper one as they like.
        _allow(rules, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, command))
    for option in _PRCTL:
        _allow(rules, "prctl", seccomp.Arg(0, seccomp.EQ, option))
    return rules


def _allow(rules: seccomp.SyscallFilter, name: str, *arguments: seccomp.Arg) -> None:
    """Allow a call, where this machine and its libseccomp know one of that name."""
    try:
        rules.add_rule(seccomp.ALLOW, name, *arguments)
    except OSError as error:
        if error.errno not in (errno.EFAULT, errno.EDOM, errno.EINVAL):
            raise
