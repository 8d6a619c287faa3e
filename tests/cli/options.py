#!/usr/bin/env python3
"""The program, its help and its manual know the same options. usage: options.py PROGRAM SOURCE-FOLDER"""
import pathlib
import re
import subprocess
import sys

ZH, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
TABLES = {"create": "create_settings.c", "ls": "cmd_ls.c", "tree": "cmd_tree.c", "show": "cmd_show.c",
          "check": "cmd_check.c", "consolidate": "cmd_consolidate.c"}


def in_source(name):
    """What getopt is given."""
    found = set()
    entry = r"\{\"([a-z-]+)\", (?:no|required|optional)_argument, NULL, (?:'(\w)')?"
    for option, letter in re.findall(entry, (SOURCE / name).read_text()):
        found |= {"--" + option} | ({"-" + letter} if letter else set())
    return found


def split_help(command):
    """The options in the help of a command: its own, and those of all."""
    text = subprocess.run([ZH, "help", command], check=True, capture_output=True, text=True).stdout
    own, common = text.split("Options of all commands")
    return [set(re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", "\n".join(re.findall(r"^  (-.*?)(?:  |$)", part, re.M))))
            for part in (own, common)]


def in_manual(heading):
    """Those that a paragraph of the section is about."""
    text = (SOURCE / "zh.1").read_text()
    section = re.search(rf"^\.S[SH] {heading}\n(.*?)(?=^\.S[SH] |\Z)", text, re.M | re.S).group(1)
    titles = "\n".join(re.findall(r"^\.TP\n(.*)", section, re.M)).replace("\\-", "-")
    return set(re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", titles))


def compare(what, **sets):
    everything = set().union(*sets.values())
    return [f"{what}: {place} lacks {option}" for place, have in sets.items() for option in sorted(everything - have)]


problems = []
common = in_source("arguments.c")
assert len(common) >= 9, common
for name, table in TABLES.items():
    own, shared = split_help(name)
    problems += compare(name, program=in_source(table), help=own, manual=in_manual(name))
    problems += compare(name, program=common, help=shared, manual=in_manual("OPTIONS"))
problems += compare("help", program=common, help=split_help("help")[1])
print("\n".join(problems) or "the same options everywhere")
sys.exit(1 if problems else 0)
