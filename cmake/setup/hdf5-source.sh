#!/usr/bin/env bash
# hdf5-source.sh DIR: puts an unpacked source of HDF5 1.14 into DIR, which must not exist yet.
#
# From HDF5_SOURCE (a folder or an archive) where that is set; otherwise Debian 13's source package, fetched from
# the Debian mirror that this machine is set up for.  apt works on folders of its own for that, so that the
# machine's sources and lists stay as they are; the signature is checked with the machine's keyring.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cmake/setup/common.sh
. "$here/common.sh"

suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
advice="set HDF5_SOURCE to a folder or archive with the source of HDF5 1.14, or HDF5_ROOT to an installed one"

# The first URI in apt's configuration that serves the suite $1: deb822 files, then one-line files.
debian_mirror() {
    local codename=$1 file
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -r "$file" ] || continue
        awk -v suite="$codename" '
            function flush() { if (uri != "" && serves && !off) { print uri; found = 1; exit }
                               uri = ""; serves = 0; off = 0; field = "" }
            /^#/ { next }
            /^[ \t]*$/ { flush(); next }
            { line = $0
              if (line !~ /^[ \t]/) { field = tolower(line); sub(/:.*/, "", field); sub(/^[^:]*:/, "", line) }
              n = split(line, word, " ")
              for (i = 1; i <= n; i++) {
                  if (field == "uris" && uri == "") uri = word[i]
                  if (field == "suites" && word[i] == suite) serves = 1
                  if (field == "enabled" && tolower(word[i]) == "no") off = 1
              } }
            END { if (!found) flush() }' "$file"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -r "$file" ] || continue
        sed -e 's/#.*//' -e 's/\[[^]]*\]//' "$file" |
            awk -v suite="$codename" '$1 ~ /^deb(-src)?$/ && $3 == suite { print $2 }'
    done
}

from_debian() { # from_debian DIR
    local dir=$1 work codename mirror apt
    if ! have apt-get || ! have dpkg-source; then
        die hdf5 "no apt here to fetch the source with: $advice"
    fi
    [ -r "$keyring" ] || die hdf5 "no $keyring to check Debian's signature with: $advice"
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    mirror=$(debian_mirror "$codename")
    mirror=${mirror%%$'\n'*}
    [ -n "$mirror" ] || die hdf5 "apt is not set up for a Debian mirror: $advice"

    work=$(mktemp -d "${TMPDIR:-/tmp}/vol-zarr-apt.XXXXXX")
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
        "$mirror" "$suite" "$keyring" >"$work/$suite.sources"
    # The folders are this user's, so apt must not change to its own user to write there.
    apt=(apt-get -o "Dir::Etc::sourcelist=$work/$suite.sources" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root
        -o APT::Update::Error-Mode=any -o Acquire::Retries=3)

    say hdf5 "fetching Debian $suite's source package of HDF5"
    (
        # apt checks the chain of signatures.  Debian's patches are for Debian's own layout of the files.
        cd "$work" &&
            run_logged hdf5 "$work/log" "${apt[@]}" update &&
            run_logged hdf5 "$work/log" "${apt[@]}" source --download-only hdf5 &&
            run_logged hdf5 "$work/log" dpkg-source --no-check --skip-patches -x hdf5_*.dsc unpacked
    ) || die hdf5 "could not fetch the source of HDF5: $advice"
    mv "$work/unpacked" "$dir"
}

from_user() { # from_user SOURCE DIR
    local source=$1 dir=$2 tops
    [ -e "$source" ] || die hdf5 "HDF5_SOURCE=$source is not there"
    mkdir -p "$dir"
    if [ -d "$source" ]; then
        cp -R "$source/." "$dir"
        return
    fi
    case $source in
    *.zip) unzip -q "$source" -d "$dir" ;;
    *) tar -xf "$source" -C "$dir" ;;
    esac || die hdf5 "HDF5_SOURCE=$source cannot be unpacked"
    tops=("$dir"/*/src/H5public.h)
    if [ ! -e "$dir/src/H5public.h" ] && [ -e "${tops[0]}" ]; then
        mv "$(dirname "$(dirname "${tops[0]}")")" "$dir.top"
        rm -rf "$dir"
        mv "$dir.top" "$dir"
    fi
}

[ $# -eq 1 ] || die hdf5 "usage: hdf5-source.sh DIR"
[ ! -e "$1" ] || die hdf5 "$1 exists already"
if [ -n "${HDF5_SOURCE:-}" ]; then
    from_user "$HDF5_SOURCE" "$1"
else
    from_debian "$1"
fi
[ -e "$1/src/H5public.h" ] || die hdf5 "that is no source of HDF5: src/H5public.h is missing"
