#!/usr/bin/env python3
"""zh create, stopped by signals while it works. Works in the current folder. usage: stop.py PROGRAM"""
import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import termios
import time

ZH = sys.argv[1]
PIPE = 4096  # bytes, the least that there is
GROUP = {"zarr_format": 3, "node_type": "group"}
with open("many.json", "w", encoding="utf-8") as f:
    json.dump({f"n{i:05}" + "x" * 190: GROUP for i in range(3000)}, f)
with open("few.json", "w", encoding="utf-8") as f:
    json.dump({"a/b": GROUP}, f)


def blocked(*arguments, **popen):
    """zh create -v, whose lines nobody reads: it stands still, as the pipe is full."""
    process = subprocess.Popen([ZH, "create", "-v", *arguments, "many.json"], stdout=subprocess.PIPE,
                               **{"stderr": subprocess.PIPE, **popen})
    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, PIPE)
    wait_until(lambda: waiting(process.stdout) >= PIPE, "it does not block")
    return process


def waiting(pipe):
    """Bytes in it."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]


def wait_until(condition, what):
    for _ in range(5000):
        if condition():
            return
        time.sleep(0.002)
    raise AssertionError(what)


def zh(*arguments, code=0):
    done = subprocess.run([ZH, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == code, (arguments, done)
    return done


def entries(path):
    return sorted(os.listdir(path)) if os.path.isdir(path) else os.path.exists(path)


def check_undone(number, store, before, *options):
    """A signal: all is as before, it is said, and the program ends by it."""
    process = blocked(*options, store)
    process.send_signal(number)
    _, err = process.communicate()
    assert process.returncode == -number, (number, process.returncode, err)
    assert b"zh: interrupted, nothing was created\n" == err, err
    assert entries(store) == before, (store, entries(store))


def check_ignored():
    """nohup: what is ignored stays so."""
    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    process = blocked("ignored.zarr", preexec_fn=ignore)
    process.send_signal(signal.SIGHUP)
    process.communicate()
    assert process.returncode == 0, process.returncode


def check_unchecked():
    process = blocked("--unchecked", "unchecked.zarr")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate()
    assert process.returncode == -signal.SIGTERM and b"interrupted, some nodes may be there" in err, err


def check_second_signal():
    """With standard error blocked too, the first one cannot be told of."""
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, PIPE)
    os.write(write, b"x" * PIPE)
    process = blocked("twice.zarr", stderr=write)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    assert process.poll() is None, "the first signal ended it"
    process.send_signal(signal.SIGTERM)
    assert process.wait() == -signal.SIGTERM, process.returncode
    os.close(read)
    os.close(write)


def check_json():
    """The object is written all the same."""
    n = 4000
    for attempt in range(8):
        with open("json.json", "w", encoding="utf-8") as f:
            json.dump({f"g{i}": GROUP for i in range(n)}, f)
        store = f"json{attempt}.zarr"
        process = subprocess.Popen([ZH, "--json", "create", store, "json.json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while process.poll() is None and not (os.path.isdir(store) and len(os.listdir(store)) > 1):
            time.sleep(0.0005)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate()
        if process.returncode == -signal.SIGTERM:
            told = json.loads(out)
            assert not told["ok"] and told["code"] == "ZH_ABORTED" and told["message"], told
            assert not os.path.exists(store)
            return
        assert process.returncode == 0 and json.loads(out)["ok"], process.returncode
        n *= 2
    raise AssertionError("it is always done before the signal comes")


def kill(store):
    process = blocked(store)
    process.kill()
    process.communicate()
    left = entries(store)
    assert ".unfinished.zh-tmp" in left and len(left) == 2, left


def check_killed():
    """What is left is found and removed, or created over."""
    kill("killed.zarr")
    assert b"temporary: /." in zh("check", "killed.zarr", code=1).stdout
    assert b"nothing is left" in zh("check", "--repair", "killed.zarr").stdout
    assert entries("killed.zarr") == []
    kill("killed.zarr")
    zh("create", "killed.zarr", "few.json")
    assert entries("killed.zarr") == ["a", "zarr.json"], entries("killed.zarr")
    zh("check", "killed.zarr")


def check_alive():
    """Nothing of what another program is making is touched."""
    process = blocked("alive.zarr")
    before = entries("alive.zarr")
    for options in ([], ["--overwrite"], ["--unchecked"]):
        done = zh("create", *options, "alive.zarr", "few.json", code=1)
        assert done.stderr.count(b"\n") == 1 and b"another program is making a store" in done.stderr, done
        assert entries("alive.zarr") == before
    process.communicate()
    assert process.returncode == 0
    zh("check", "alive.zarr")


zh("create", "there.zarr", "few.json")
zh("create", "there.zip", "few.json")
os.mkdir("empty")
for signal_number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    for name in ("new.zarr", "new.zip"):
        check_undone(signal_number, name, False)
for name in ("there.zarr", "there.zip", "empty"):
    check_undone(signal.SIGTERM, name, entries(name))
check_undone(signal.SIGTERM, "there.zarr", entries("there.zarr"), "--under", "a")
check_ignored()
check_unchecked()
check_second_signal()
check_json()
check_killed()
check_alive()
