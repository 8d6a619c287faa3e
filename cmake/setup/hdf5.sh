#!/usr/bin/env bash
# hdf5.sh: finds or builds an HDF5 1.14 (headers, shared library, tools) and prints its prefix.
#
# The first of these: HDF5_ROOT; the system's; the one built earlier; a new build, of the source that
# hdf5-source.sh gets, into the cache.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cmake/setup/common.sh
. "$here/common.sh"

wanted=1.14

header_version() { # header_version H5PUBLIC_H
    awk '$2 == "H5_VERS_MAJOR" { a = $3 } $2 == "H5_VERS_MINOR" { b = $3 } $2 == "H5_VERS_RELEASE" { c = $3 }
         END { print a "." b "." c }' "$1"
}

# Prints the include folder of the HDF5 installed under the prefix $1.  Debian keeps its serial flavour apart.
include_dir() {
    local dir
    for dir in "$1/include" "$1/include/hdf5/serial"; do
        if [ -r "$dir/H5public.h" ]; then
            printf '%s\n' "$dir"
            return 0
        fi
    done
    return 1
}

# Prints the version of the HDF5 under the prefix $1; fails where headers, shared library or tools are missing.
prefix_version() {
    local prefix=$1 include lib
    include=$(include_dir "$prefix") || return 1
    [ -x "$prefix/bin/h5dump" ] || return 1
    for lib in "$prefix"/{lib,lib64,lib/*}/libhdf5{,_serial}.so; do
        if [ -e "$lib" ]; then
            header_version "$include/H5public.h"
            return 0
        fi
    done
    return 1
}

# Headers of 2.x make a plug-in that loads in 2.x only; one made with those of 1.14 loads in both.
usable_version() { version_at_least "$1" "$wanted" && ! version_at_least "$1" 2; }

usable_prefix() { # usable_prefix PREFIX
    local version
    version=$(prefix_version "$1") && usable_version "$version"
}

serial() { # serial PREFIX
    local include
    include=$(include_dir "$1") && ! grep -qs '^#define H5_HAVE_PARALLEL 1' "$include/H5pubconf.h"
}

system_prefixes() {
    if have h5cc; then
        h5cc -showconfig 2>/dev/null | sed -n 's/^ *Installation point: *//p'
    fi
    if have pkg-config; then
        pkg-config --variable=prefix hdf5 2>/dev/null || true
    fi
    printf '%s\n' /usr/local /usr
}

system_hdf5() {
    local prefix
    while read -r prefix; do
        if [ -n "$prefix" ] && usable_prefix "$prefix" && serial "$prefix"; then
            printf '%s\n' "$prefix"
            return 0
        fi
    done <<<"$(system_prefixes)"
    return 1
}

# apt's own HDF5, where the distribution's is new enough.
install_system_hdf5() {
    local candidate
    have apt-cache || return 1
    candidate=$(apt-cache policy libhdf5-dev 2>/dev/null | awk '$1 == "Candidate:" { print $2 }')
    case $candidate in '' | '(none)') return 1 ;; esac
    if ! usable_version "$candidate" || ! can_be_root; then
        return 1
    fi
    say hdf5 "installing the system's HDF5 $candidate"
    as_root DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends \
        libhdf5-dev hdf5-tools >&2
}

cached_hdf5() {
    local prefix
    for prefix in "$cache"/hdf5-[0-9]*; do
        if usable_prefix "$prefix"; then
            printf '%s\n' "$prefix"
            return 0
        fi
    done
    return 1
}

# Runs make in the folder $1 and says how far it is, by the compilations that it has announced.
make_with_progress() {
    local dir=$1 log=$2 total done_ last=-1 percent status=0
    total=$(make -C "$dir" -n V=0 2>/dev/null | grep -c 'echo "  CC  ' || true)
    : >"$log.make"
    # The warnings that HDF5 asks its compiler for are for its own developers.
    make -C "$dir" V=0 CFLAGS=-w -j"$(nproc)" >"$log.make" 2>&1 9>&- &
    make_pid=$!
    while kill -0 "$make_pid" 2>/dev/null; do
        sleep 1
        done_=$(grep -c '^  CC  ' "$log.make" || true)
        percent=$((100 * done_ / (total > 0 ? total : 1)))
        if [ $((percent / 10)) -gt $((last / 10)) ] || [ "$last" -lt 0 ]; then
            last=$percent
            say hdf5 "building $percent%"
        fi
    done
    wait "$make_pid" || status=$?
    make_pid=
    cat "$log.make" >>"$log"
    rm -f "$log.make"
    return "$status"
}

configure_and_build() { # configure_and_build SOURCE BUILD PREFIX STAGE LOG
    local source=$1 build=$2 prefix=$3 stage=$4 log=$5
    mkdir "$build"
    if [ -x "$source/configure" ]; then
        # This way before CMake's, because its h5cc makes programs that find their library.
        # By a relative path, because it turns up in the library's error messages.
        (cd "$build" && run_logged hdf5 "$log" ../source/configure --prefix="$prefix" --libdir="$prefix/lib" \
            --enable-build-mode=production --disable-static --disable-tests --disable-dependency-tracking \
            --disable-doxygen-doc --with-zlib --without-szlib) || return 1
        make_with_progress "$build" "$log" || {
            tail -n 25 "$log" >&2
            return 1
        }
        run_logged hdf5 "$log" make -C "$build" V=0 CFLAGS=-w DESTDIR="$stage" install
    else
        run_logged hdf5 "$log" cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
            -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_RPATH="$prefix/lib" \
            -DBUILD_SHARED_LIBS=ON -DBUILD_STATIC_LIBS=OFF -DBUILD_TESTING=OFF -DHDF5_BUILD_EXAMPLES=OFF \
            -DHDF5_BUILD_HL_LIB=ON -DHDF5_BUILD_TOOLS=ON -DHDF5_BUILD_CPP_LIB=OFF -DHDF5_BUILD_FORTRAN=OFF \
            -DHDF5_BUILD_JAVA=OFF -DHDF5_ENABLE_Z_LIB_SUPPORT=ON -DHDF5_ENABLE_ZLIB_SUPPORT=ON \
            -DHDF5_ENABLE_SZIP_SUPPORT=OFF || return 1
        run_logged hdf5 "$log" cmake --build "$build" || return 1
        run_logged hdf5 "$log" env DESTDIR="$stage" cmake --install "$build"
    fi
}

make_pid=
work=

clean_up() {
    if [ -n "$make_pid" ]; then # interrupted: a background job does not hear of Ctrl-C
        kill "$make_pid" 2>/dev/null || true
        wait "$make_pid" || true
    fi
    rm -rf "$work" "$cache/hdf5-build.log.make"
}

# Everything happens in a temporary folder beside the final place; the last step is one rename.
build_hdf5() {
    local version prefix log=$cache/hdf5-build.log start=$SECONDS
    cached_hdf5 && return 0 # made while we waited for the lock
    rm -rf "$cache"/.hdf5-build.*
    work=$(mktemp -d "$cache/.hdf5-build.XXXXXX")
    trap clean_up EXIT
    trap 'exit 130' INT TERM
    : >"$log"

    "$here/hdf5-source.sh" "$work/source"
    version=$(header_version "$work/source/src/H5public.h")
    usable_version "$version" || die hdf5 "the source is of HDF5 $version, needed is >= $wanted and < 2"
    prefix=$cache/hdf5-$version
    say hdf5 "building HDF5 $version into $prefix, once for this user; some minutes (log: $log)"
    configure_and_build "$work/source" "$work/build" "$prefix" "$work/stage" "$log" ||
        die hdf5 "HDF5 could not be built, see $log"
    "$here/hdf5-testfiles.sh" --keep "$work/source" "$work/stage$prefix"
    usable_prefix "$work/stage$prefix" || die hdf5 "the build of HDF5 made no usable library, see $log"
    rm -rf "$prefix"
    mv "$work/stage$prefix" "$prefix"
    say hdf5 "HDF5 $version built in $((SECONDS - start)) s"
    printf '%s\n' "$prefix"
}

if [ -n "${HDF5_ROOT:-}" ]; then
    version=$(prefix_version "$HDF5_ROOT") || die hdf5 "HDF5_ROOT=$HDF5_ROOT lacks include/H5public.h, libhdf5.so or bin/h5dump"
    usable_version "$version" || die hdf5 "HDF5_ROOT=$HDF5_ROOT is HDF5 $version, needed is >= $wanted and < 2"
    (cd "$HDF5_ROOT" && pwd)
    exit
fi

cache=$(cache_dir)
if [ -z "${HDF5_SOURCE:-}" ]; then
    system_hdf5 && exit
fi
cached_hdf5 && exit
if [ -z "${HDF5_SOURCE:-}" ] && install_system_hdf5; then
    system_hdf5 && exit
fi
with_lock "$cache/hdf5.lock" build_hdf5
