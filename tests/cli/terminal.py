#!/usr/bin/env python3
"""zh on a terminal: names that hold control characters, progress. Works in the current folder. usage: terminal.py PROGRAM"""
import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time

ZH = sys.argv[1]
GROUP = {"zarr_format": 3, "node_type": "group"}


class Terminal:
    """A pseudo terminal; text() is all that was written to it."""

    def __init__(self):
        self.ours, self.theirs = pty.openpty()
        self.got = b""
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        while True:
            try:
                data = os.read(self.ours, 65536)
            except OSError:  # EIO: nobody has the other side
                return
            if not data:
                return
            self.got += data

    def text(self):
        os.close(self.theirs)
        self.reader.join()
        os.close(self.ours)
        return self.got.replace(b"\r\n", b"\n")


def run(*arguments, stdin=b"", stdout=None, code=0):
    """stdout and stderr on one terminal, or stderr alone."""
    terminal = Terminal()
    done = subprocess.run([ZH, *arguments], input=stdin, stdout=stdout or terminal.theirs, stderr=terminal.theirs)
    text = terminal.text()
    assert done.returncode == code, (arguments, done.returncode, text)
    return text


def check_names():
    names = {"new\nline": b"new\\nline", "bell\a": b"bell\\a", "esc\x1b[31m": b"esc\\x1b[31m", "del\x7f": b"del\\x7f",
             "csi\u009b1m": b"csi\\u009b1m", "turn\u202e": b"turn\\u202e", "back\\slash": b"back\\\\slash",
             "tree├": "tree├".encode(), "ä€😀": "ä€😀".encode()}
    description = json.dumps({name: GROUP for name in names}).encode()
    text = run("create", "-v", "names.zarr", stdin=description)
    for shown in names.values():
        assert b"group /" + shown + b"\n" in text, (shown, text)
    harmful = b"\x1b", b"\a", b"\x7f", b"\xc2\x9b", b"\xe2\x80\xae"
    for command in (["ls"], ["ls", "-l"], ["tree"]):
        text = run(*command, "names.zarr")
        for shown in names.values():
            assert shown in text, (shown, text)
        assert not any(h in text for h in harmful), text
    # Messages hold names too: of stores, nodes and commands, and of what is in the way.
    for code, command in ((3, ["ls", "no\x1b[2J"]), (3, ["show", "names.zarr", "no\x1b[2J"]), (2, ["no\x1b[2J"]),
                          (2, ["ls", "--no\x1b[2J", "names.zarr"]), (1, ["create", "names.zarr"])):
        text = run(*command, stdin=description, code=code)
        assert not any(h in text for h in harmful), text
    # JSON stays JSON, and harmless.
    text = run("--json", "ls", "names.zarr")
    assert {n["path"] for n in json.loads(text)["nodes"]} == set(names), text
    assert b"\x7f" not in text and b"\xc2\x9b" not in text and b"\xe2\x80\xae" not in text, text
    # And everywhere else.
    out = subprocess.run([ZH, "ls", "names.zarr"], check=True, stdout=subprocess.PIPE).stdout
    assert sorted(out.splitlines()) == sorted(names.values()), out


def check_progress():
    description = json.dumps({f"g{i}": GROUP for i in range(9)}).encode()
    # Short work shows none, unless it is asked for.
    assert b"nodes" not in run("-q", "create", "short.zarr", stdin=description)
    text = run("-q", "--progress", "create", "asked.zarr", stdin=description)
    assert b"\rzh: " in text and b" / 10 nodes" in text and text.endswith(b"\r\x1b[K"), text
    for command in ("check", "consolidate", "tree"):
        text = run(command, "--progress", "asked.zarr")
        assert b"\rzh: " in text and b" reads" in text and text.count(b"\r\x1b[K") == 1, text
        assert b"zh: " not in run(command, "asked.zarr")
    os.mkdir("asked.zarr/.0.zh-tmp")
    text = run("check", "--progress", "asked.zarr", code=1)
    assert b"\r\x1b[Ktemporary: /.0.zh-tmp" in text or b"temporary" in text.split(b"\rzh: ")[0], text
    done = subprocess.run([ZH, "-q", "--progress", "create", "lines.zarr"], input=description, stderr=subprocess.PIPE, check=True)
    assert done.stderr.endswith(b"zh: 10 / 10 nodes\n") and b"\r" not in done.stderr, done.stderr
    done = subprocess.run([ZH, "-q", "create", "none.zarr"], input=description, stderr=subprocess.PIPE, check=True)
    assert done.stderr == b"", done.stderr


def create_slowly(name, n, *options):
    """Stopped for longer than the program is patient; as soon as it has begun, if it is not done by then."""
    with open("many.json", "w", encoding="utf-8") as f:
        json.dump({f"g{i}": GROUP for i in range(n)}, f)
    terminal = Terminal()
    process = subprocess.Popen([ZH, *options, "create", name, "many.json"], stdout=subprocess.DEVNULL, stderr=terminal.theirs)
    while process.poll() is None and not (os.path.isdir(name) and len(os.listdir(name)) > 1):
        time.sleep(0.001)
    if process.poll() is None:
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.3)
        process.send_signal(signal.SIGCONT)
    assert process.wait() == 0
    return terminal.text()


def check_patience():
    n = 2000
    for attempt in range(6):
        text = create_slowly(f"slow{attempt}.zarr", n)
        if b" nodes" in text:
            break
        n *= 2
    assert b"\rzh: " in text and f" / {n + 1} nodes".encode() in text and text.endswith(b"\r\x1b[K"), (n, text)
    for option in ("--no-progress", "--quiet"):
        text = create_slowly(f"slow{option}.zarr", n, option)
        assert text == b"", (option, text)
    for command in (["check"], ["ls", "-R"], ["tree"], ["consolidate"]):
        for attempt in range(1, 20):
            text = stop_and_go([*command, "slow--quiet.zarr"], 0.003 * attempt)
            if text != b"":
                break
        assert b"\rzh: " in text and b" reads" in text and text.endswith(b"\r\x1b[K"), (command, text)
        assert stop_and_go(["--no-progress", *command, "slow--quiet.zarr"], 0.003 * attempt) == b""


def stop_and_go(command, delay):
    """Stopped for longer than the program is patient, if it is still at work after the delay."""
    terminal = Terminal()
    process = subprocess.Popen([ZH, *command], stdout=subprocess.DEVNULL, stderr=terminal.theirs)
    time.sleep(delay)
    process.send_signal(signal.SIGSTOP)
    time.sleep(1.1)
    process.send_signal(signal.SIGCONT)
    assert process.wait() == 0, command
    return terminal.text()


check_names()
check_progress()
check_patience()
