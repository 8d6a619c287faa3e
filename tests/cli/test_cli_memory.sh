#!/usr/bin/env bash
# zh without memory. usage: test_cli_memory.sh PROGRAM LIBRARY (made from starve.c)
library=$2
# shellcheck source=tests/cli/common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"
python3 "$here/memory.py" "$ZH" "$library" || fail "memory.py"
echo "without memory all is told"
