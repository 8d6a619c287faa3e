#!/usr/bin/env bash
# Installs the build, moves what was installed, and uses it in every way that src/README.md names.
# All that it needs to know comes in the environment, see CMakeLists.txt.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
example=${EXAMPLE:-$SOURCE/examples/hierarchy.c}
read -r -a flags <<<"$FLAGS"
unset DESTDIR
work=$(mktemp -d "${TMPDIR:-/tmp}/zh-package.XXXXXX")
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $*"
    exit 1
}

quietly() { # quietly COMMAND...: its output where it fails
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log"
        fail "$*"
    }
}

# ---- what is installed, by component ----

expected_runtime() {
    echo "$LIBDIR/libzh.so.${VERSION%%.*}"
    echo "$LIBDIR/libzh.so.$VERSION"
    if [ "$WITH_PROGRAM" = 1 ]; then
        printf '%s\n' "$BINDIR/zh" "$MANDIR/man1/zh.1"
    fi
}

expected_development() {
    local suffix=${CONFIG:-noconfig}
    suffix=${suffix,,}
    (cd "$SOURCE/src/include" && find zh -name '*.h') | sed "s|^|$INCLUDEDIR/|"
    printf "$LIBDIR/%s\n" libzh.so libzh.a pkgconfig/zh.pc cmake/zh/{zhConfig,zhConfigVersion,zh-shared,zh-static}.cmake \
        "cmake/zh/zh-"{shared,static}"-$suffix.cmake"
}

expected_plugin() {
    [ "$WITH_PLUGIN" != 1 ] || echo "$LIBDIR/hdf5/plugins-zarr/libhdf5_vol_zarr.so"
}

for component in runtime development plugin; do
    quietly "$CMAKE" --install "$BUILD" --config "$CONFIG" --prefix "$work/$component" --component $component
    mkdir -p "$work/$component" # where there is nothing to install
    diff <("expected_$component" | sort) <(cd "$work/$component" && find . ! -type d | sed 's|^\./||' | sort) ||
        fail "component $component installs something else"
done
if [ "$WITH_PLUGIN" = 1 ]; then
    quietly "$SOURCE/tests/connector/test_plugin_symbols.sh" "$work/plugin/$LIBDIR/hdf5/plugins-zarr/libhdf5_vol_zarr.so"
fi

# ---- the whole, at another place than it was installed to ----

quietly "$CMAKE" --install "$BUILD" --config "$CONFIG" --prefix "$work/first"
mv "$work/first" "$work/moved"
prefix=$work/moved
if grep -rIl -e "$work/first" -e "$SOURCE" -e "$BUILD" "$prefix"; then
    fail "these files hold paths of the build or of the prefix"
fi

for header in "$prefix/$INCLUDEDIR"/zh/*.h; do
    quietly "$CC" -std=c11 -pedantic -Wall -Wextra -Werror -fsyntax-only -I "$prefix/$INCLUDEDIR" -x c "$header"
    [ -z "$CXX" ] || [ "${CXX%NOTFOUND}" != "$CXX" ] ||
        quietly "$CXX" -std=c++11 -pedantic -Wall -Wextra -Werror -fsyntax-only -I "$prefix/$INCLUDEDIR" -x c++ "$header"
done

# ---- users ----

run() { # run PROGRAM shared|static
    local needs=static
    ! readelf -d "$1" | grep -q 'NEEDED.*\[libzh\.so\.' || needs=shared
    [ "$needs" = "$2" ] || fail "$1 is to use the $2 library and uses the $needs one"
    LD_LIBRARY_PATH=$prefix/$LIBDIR "$here/example.sh" "$1"
}

configure() { # configure FOLDER CMAKE-ARGUMENT...
    local dir=$1
    shift
    "$CMAKE" -S "$here/consumer" -B "$dir" -DCMAKE_C_COMPILER="$CC" -DCMAKE_C_FLAGS="$FLAGS" \
        -DCMAKE_BUILD_TYPE=Debug -DCMAKE_PREFIX_PATH="$prefix" -DEXAMPLE="$example" -DVERSION="$VERSION" "$@"
}

quietly configure "$work/cmake" "-DCOMPONENTS=shared;static"
quietly "$CMAKE" --build "$work/cmake"
run "$work/cmake/shared" shared
run "$work/cmake/static" static

# The shared library needs nothing of what is under it; the static one says what is missing.
quietly configure "$work/alone" -DCOMPONENTS=shared -DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON
if configure "$work/alone" "-DCOMPONENTS=static" >"$work/log" 2>&1; then
    fail "find_package found the static library without what it stands on"
fi
grep -q "static library needs what is not found here: pkg-config" "$work/log" || { cat "$work/log"; fail "no reason given"; }

export PKG_CONFIG_PATH=$prefix/$LIBDIR/pkgconfig
modversion=$("$PKG_CONFIG" --modversion zh)
[ "$modversion" = "$VERSION" ] || fail "pkg-config says that zh is $modversion, not $VERSION"

# Words, not one word: that is how pkg-config is used.
read -r -a words <<<"$("$PKG_CONFIG" --cflags --libs zh)"
quietly "$CC" -std=c11 "${flags[@]}" "$example" -o "$work/pc-shared" "${words[@]}"
run "$work/pc-shared" shared

# pkg-config --static is for linking everything statically; where the system's libraries are shared only, libzh.a is
# named itself.
read -r -a words <<<"$("$PKG_CONFIG" --static --cflags --libs zh)"
quietly "$CC" -std=c11 "${flags[@]}" "$example" -o "$work/pc-static" "${words[@]/#-lzh/-l:libzh.a}"
run "$work/pc-static" static
echo "installed, moved, and used by CMake and pkg-config, shared and static"
