#!/usr/bin/env python3
"""The public headers and the shared library name the same functions. usage: exports.py INCLUDE-FOLDER LIBRARY NM

Every function that a header declares must be ZH_API, every ZH_API function must be exported, and nothing else may be.
"""
import pathlib
import re
import subprocess
import sys

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
DIRECTIVE = re.compile(r"^[ \t]*#.*$", re.M)
FUNCTION = re.compile(r"(\w+)\s*\(")


def statements(text):
    """The statements outside of all braces but those of extern "C"."""
    text = COMMENT.sub(" ", text.replace("\\\n", " "))
    text = DIRECTIVE.sub("", text).replace('extern "C" {', "")
    depth, found = 0, ""
    for c in text:
        if c == "{":
            depth += 1
        elif c == "}":
            depth = max(depth - 1, 0)  # extern "C" ends with one too many
        elif depth == 0:
            if c == ";":
                yield " ".join(found.split())
                found = ""
            else:
                found += c


def declared(include):
    functions, problems = {}, []
    for header in sorted(include.rglob("*.h")):
        for statement in statements(header.read_text()):
            function = FUNCTION.search(re.sub(r"__attribute__\s*\(\(.*?\)\)", "", statement))
            if function is None or statement.startswith("typedef "):
                continue
            functions[function.group(1)] = header
            if not statement.startswith("ZH_API "):
                problems.append(f"{header}: {function.group(1)} is not ZH_API")
    return functions, problems


def exported(library, nm):
    lines = subprocess.run([nm, "-D", "--defined-only", "--format=posix", library], check=True, capture_output=True, text=True)
    return {line.split()[0] for line in lines.stdout.splitlines()}


def main():
    include, library, nm = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    functions, problems = declared(include)
    exports = exported(library, nm)
    problems += [f"{functions[name]}: {name} is not exported" for name in sorted(functions.keys() - exports)]
    problems += [f"{library} exports {name}, which no header declares" for name in sorted(exports - functions.keys())]
    if not functions:
        problems.append(f"no function found below {include}")
    print(f"{len(functions)} functions declared, {len(exports)} names exported")
    print("\n".join(problems) or "no problems")
    return 1 if problems else 0


sys.exit(main())
