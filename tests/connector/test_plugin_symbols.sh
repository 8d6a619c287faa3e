#!/usr/bin/env bash
# The plug-in exports HDF5's two entry points and nothing else, needs no HDF5 symbol and no HDF5 library, and lies alone in its folder.
# usage: test_plugin_symbols.sh PLUGIN
set -euo pipefail
exported=$(nm -D --defined-only "$1" | awk '{print $NF}' | sort | tr '\n' ' ')
needed=$(nm -D --undefined-only "$1" | awk '{print $NF}' | grep -E '^H5' || true)
linked=$(readelf -d "$1" | grep NEEDED | grep -i hdf5 || true)
beside=$(find "$(dirname "$1")" -type f | wc -l)
echo "exports: $exported"
[ "$exported" = "H5PLget_plugin_info H5PLget_plugin_type " ] || { echo "FAILED: exports"; exit 1; }
[ -z "$needed" ] || { echo "FAILED: undefined $needed"; exit 1; }
[ -z "$linked" ] || { echo "FAILED: $linked"; exit 1; }
[ "$beside" -eq 1 ] || { echo "FAILED: $beside files in the plug-in's folder"; exit 1; }
