#!/usr/bin/env python3
"""Rules of the sources that need no compiler. usage: source.py SOURCE"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
FUNCTION_MAX = 150  # lines
FILE_MAX = 1000
P90_MAX = 60
problems = []


def complain(path, line, text):
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def blank(text):
    """Comments and strings away, line numbers kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', re.S)
    return pattern.sub(lambda m: "\n" * m.group().count("\n") + ('""' if m.group()[0] in "\"'" else ""), text)


def functions(code):
    """(first line, length) of each function, by the style's opening brace in column 0."""
    start = None
    for number, line in enumerate(code.split("\n"), 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start and not line.startswith("};"):
            yield start, number - start + 1
            start = None
        elif line.startswith("};"):
            start = None


def in_library(p):
    return p.parts[:2] != ("src", "cli")  # a program of its own


BANNED = [
    (r"\b(malloc|calloc|realloc|strdup|strndup|free)\s*\(", "use alloc.h", lambda p: p.name not in ("alloc.c", "json.c") and p.parts[0] == "src" and in_library(p)),
    (r"\b(printf|puts|putchar|perror)\s*\(", "the library prints nothing", in_library),
    (r"\bfprintf\s*\(", "the library prints nothing", lambda p: p.name != "log.c" and in_library(p)),
    (r"\b(exit|abort|_exit)\s*\(", "a library does not end its host", in_library),
    (r"\b(strcat|gets|strtok|atoi|atol|atof)\s*\(", "has a better sibling", lambda p: True),
    (r"\b(usleep|sleep|nanosleep|sched_yield)\s*\(", "no sleeping, no polling", lambda p: True),
    (r"\b(if|while)\s*\(\(?[^=;(){}!<>]*[^=!<>]=[^=][^;{}]*\)\s*$", "assignment in a condition", lambda p: True),
    (r"#include\s+\"\.\./", "layers are named, not climbed to", lambda p: True),
    (r"#include\s+[<\"]hdf5", "only connector/h5.h includes hdf5.h", lambda p: p.name != "h5.h"),
    (r"#include\s+<H5", "only connector/h5.h includes HDF5's headers", lambda p: p.name != "h5.h"),
    (r"#include\s+<c?json|#include\s+<cjson", "only base/json.c uses cJSON", lambda p: p.name != "json.c"),
]

lengths = []
for folder in ("src", "connector"):
    for path in sorted((ROOT / folder).rglob("*.[ch]")):
        text = path.read_text()
        code = blank(text)
        relative = path.relative_to(ROOT)
        if text.count("\n") > FILE_MAX:
            complain(path, 1, f"more than {FILE_MAX} lines")
        if not text.startswith("/*"):
            complain(path, 1, "no comment at the top that says what the file is for")
        if re.search(r"\b(TODO|FIXME|XXX)\b", text):
            complain(path, 1, "TODO or FIXME: it belongs into an issue")
        for start, length in functions(code):
            lengths.append(length)
            if length > FUNCTION_MAX:
                complain(path, start, f"a function of {length} lines")
        source = "\n".join(l for l in text.split("\n") if l.startswith("#include"))
        for pattern, why, applies in BANNED:
            if not applies(relative):
                continue
            target = source if pattern.startswith("#include") else code
            for number, line in enumerate(target.split("\n"), 1):
                if re.search(pattern, line):
                    complain(path, number, f"{line.strip()[:60]}: {why}")

names = {}
for folder in ("src", "connector"):
    for path in sorted((ROOT / folder).rglob("*.c")):
        if path.name in names:
            complain(path, 1, f"a second {path.name} beside {names[path.name]}")
        names[path.name] = path.relative_to(ROOT)

if lengths:
    lengths.sort()
    p90 = lengths[int(len(lengths) * 0.9)]
    print(f"{len(lengths)} functions: median {lengths[len(lengths) // 2]} lines, p90 {p90}, longest {lengths[-1]}")
    if p90 > P90_MAX:
        problems.append(f"p90 of function length is {p90} lines, above {P90_MAX}")
print("\n".join(problems) or "no problems")
sys.exit(1 if problems else 0)
