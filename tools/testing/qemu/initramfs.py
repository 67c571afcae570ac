# SPDX-License-Identifier: GPL-2.0-only
"""The guest's root file system: a cpio archive that the kernel unpacks.

The large part (programs and modules) is made once per kernel and kept; what
changes with each run follows it as a second archive.
"""

import fcntl
import hashlib
import lzma
import os
import re
import shutil
import stat
import subprocess
import tempfile

# What the packages bring and a guest does not read.
LEFT_OUT = re.compile(r"""
    usr/share/(?!$|(?:misc|iproute2|dbus-1|polkit-1|ModemManager)\b)
  | usr/lib/x86_64-linux-gnu/(?:gconv|perl|perl-base|security)/
  | usr/lib/x86_64-linux-gnu/systemd/(?!$|libsystemd-shared)
  | usr/lib/systemd/(?!$|systemd-udevd\b)
  | usr/lib/udev/hwdb
  | usr/lib/(?:tmpfiles\.d|sysusers\.d|init)/
  | usr/share/terminfo/(?!(?:l/linux|x/xterm|x/xterm-256color|v/vt100|s/screen
                             |s/screen-256color|t/tmux|t/tmux-256color)$)
  | usr/bin/(?:perl|.*perl|qemu)
  | usr/lib/x86_64-linux-gnu/(?:libperl|libgirepository|libdb-5)
  | usr/include/ | usr/games/ | usr/local/ | var/ | boot/
  | etc/(?:init\.d|cron|logrotate|security|apparmor|systemd|pam)
""", re.X)

# Modules of the stock kernel that tests load; modprobe finds what they need.
MODULES = ("button virtio_pci virtio_console wwan iosm veth tun bridge 8021q "
           "sch_netem sch_tbf sch_ingress cls_matchall act_mirred act_pedit "
           "act_csum ifb af_packet packet_diag aer_inject "
           "udp_tunnel xt_tcpudp nf_tables nft_compat configs "
           "sch_fq sch_fq_codel tcp_bbr dummy macvlan ipvlan brd").split()


class Archive:
    """Writes the cpio format "newc"; everything belongs to root."""

    def __init__(self, out):
        self.out = out
        self.inode = 1
        self.made = {""}

    def _entry(self, name, mode, data=b"", size=None):
        raw = name.encode("utf-8", "surrogateescape") + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0,
                  len(data) if size is None else size, 0, 0, 0, 0, len(raw), 0)
        head = b"070701" + b"".join(b"%08X" % f for f in fields) + raw
        self.out.write(head + b"\0" * (-len(head) % 4))
        self.out.write(data + b"\0" * (-len(data) % 4))
        self.inode += 1

    def parents(self, name):
        parent = os.path.dirname(name)
        if parent not in self.made:
            self.parents(parent)
            self.made.add(parent)
            self._entry(parent, stat.S_IFDIR | 0o755)

    def folder(self, name):
        self.parents(name + "/x")

    def data(self, name, data, mode=0o644):
        self.parents(name)
        self._entry(name, stat.S_IFREG | mode, data)

    def link(self, name, target):
        self.parents(name)
        self._entry(name, stat.S_IFLNK | 0o777, os.fsencode(target))
        self.made.add(name)     # a folder may hide behind it

    def file(self, name, path):
        with open(path, "rb") as f:
            self.data(name, f.read(), os.stat(path).st_mode & 0o777 | 0o444)

    def tree(self, path, name="", left_out=None):
        """A file, a link, or a folder with all that is in it."""
        if os.path.islink(path):
            self.link(name, os.readlink(path))
        elif os.path.isdir(path):
            if name:
                self.folder(name)
            for entry in sorted(os.listdir(path)):
                sub = os.path.join(name, entry)
                if left_out and left_out.match(sub):
                    continue
                if left_out and left_out.match(sub + "/"):
                    continue
                self.tree(os.path.join(path, entry), sub, left_out)
        elif os.path.isfile(path):
            self.file(name, path)

    def close(self):
        self._entry("TRAILER!!!", 0)
        self.out.write(b"\0" * (-self.out.tell() % 512))


def depmod(root, *args):
    """The guest's own, so that the host needs none."""
    lib = os.path.join(root, "usr/lib/x86_64-linux-gnu")
    return subprocess.run(
        [os.path.join(lib, "ld-linux-x86-64.so.2"), "--argv0", "depmod",
         "--library-path", lib, os.path.join(root, "usr/bin/kmod"), *args],
        check=True, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL).stdout


def add_modules(archive, root, modules, release):
    """The wanted modules with their dependencies, unpacked and listed."""
    into = os.path.join("lib/modules", release)
    with tempfile.TemporaryDirectory() as tmp:
        os.makedirs(os.path.join(tmp, "all/lib/modules"))
        os.symlink(modules, os.path.join(tmp, "all", into))
        needs = {}
        for line in depmod(root, "-n", "-b", tmp + "/all", release).splitlines():
            if line.startswith(("# Aliases", "alias ")):
                break
            path, colon, rest = line.partition(":")
            if colon:
                name = os.path.basename(path).split(".ko")[0]
                needs[name.replace("-", "_")] = [path] + rest.split()
        # The driver itself is put in by each run.
        want = {p for m in MODULES for p in needs.get(m, [])}
        want -= set(needs.get("iosm", [])[:1])
        os.makedirs(os.path.join(tmp, into))
        for path in want:
            with open(os.path.join(modules, path), "rb") as f:
                data = f.read()
            if path.endswith(".xz"):
                data, path = lzma.decompress(data), path[:-3]
            to = os.path.join(tmp, into, path)
            os.makedirs(os.path.dirname(to), exist_ok=True)
            with open(to, "wb") as f:
                f.write(data)
        for name in ("modules.builtin", "modules.builtin.modinfo",
                     "modules.order"):
            if os.path.exists(os.path.join(modules, name)):
                shutil.copy(os.path.join(modules, name),
                            os.path.join(tmp, into))
        depmod(root, "-b", tmp, release)
        archive.tree(os.path.join(tmp, into), "usr/" + into)


def make_base(build, root, modules, release, profile=None):
    """Return the file of the large part, making it first if need be.

    modules is the folder lib/modules/RELEASE, or None for a kernel that has
    everything built in; profile tells the programs of one root from another's.
    """
    name = f"{profile}-{release}" if profile else release
    key = hashlib.sha256()
    with open(__file__, "rb") as f:
        key.update(f.read())
    for path in (root, modules or "/"):
        key.update(f"{path} {os.stat(path).st_mtime_ns}".encode())
    folder = os.path.join(build, "initramfs")
    final = os.path.join(folder, f"{name}-{key.hexdigest()[:12]}.cpio")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(final):
            return final
        with open(final + ".new", "wb") as out:
            archive = Archive(out)
            for name in ("proc", "sys", "dev", "run", "tmp", "root", "var/tmp",
                         "usr/local/bin"):
                archive.folder(name)
            archive.link("var/run", "../run")
            archive.tree(os.path.realpath(root), "", LEFT_OUT)
            archive.link("usr/bin/sh", "bash")
            archive.link("usr/bin/awk", "gawk")
            archive.data("etc/passwd", b"root:x:0:0:root:/root:/bin/bash\n"
                         b"nobody:x:65534:65534:nobody:/:/bin/false\n")
            archive.data("etc/group", b"root:x:0:\nnogroup:x:65534:\n")
            archive.data("etc/hosts", b"127.0.0.1 localhost iosm-guest\n")
            archive.data("etc/nsswitch.conf", b"passwd: files\nhosts: files\n")
            if modules:
                add_modules(archive, root, modules, release)
            archive.close()
        for old in os.listdir(folder):
            if old.startswith(name + "-") and old.endswith(".cpio"):
                os.unlink(os.path.join(folder, old))
        os.rename(final + ".new", final)
    return final
