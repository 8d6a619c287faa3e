#!/usr/bin/env bash
# zh: help, usage, options that all commands have, output that cannot be written, terminals. usage: test_cli.sh PROGRAM
# shellcheck source=tests/cli/common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"
sample 3 >d.json
run 0 create s.zarr d.json

# ---- version and help ----

run 0 --version
grep -qxE 'zh [0-9]+\.[0-9]+\.[0-9]+' .out || fail "--version"
run 0 ls --version
run 0 help
for command in create ls tree show check consolidate help; do
    grep -qE "^  $command +" .out || fail "the list of commands lacks $command"
done
cp .out overview
run 0 --help
out_is <overview
run 0 -h
out_is <overview
for command in create ls tree show check consolidate help; do
    run 0 help "$command"
    out_has "usage: zh $command"
    cp .out text
    [ "$(awk '{ if (length > n) n = length } END { print n }' .out)" -le 80 ] || fail "help $command: lines over 80"
    run 0 "$command" --help
    out_is <text
    run 0 "$command" -h
    out_is <text
done

python3 "$here/options.py" "$ZH" "$here/../../src/cli" || fail "options"

# ---- usage: 2, one line, nothing on stdout ----

usage() { # usage MESSAGE ARGUMENT...
    local message=$1
    shift
    run 2 "$@"
    err_has "$message"
    err_lines 1
    grep -q "^zh: .*; see 'zh help" .err || fail "zh $*: not the form of an error"
    [ ! -s .out ] || fail "zh $* wrote something"
}
usage "which command?"
usage "which command?" -q
usage "there is no command 'frob'" frob
usage "there is no command 'frob'" help frob
usage "'x' is one argument too many" help ls x
usage "there is no option '--frob'" --frob ls s.zarr
usage "ls: there is no option '--frob'" ls --frob s.zarr
usage "ls: there is no option '-x'" ls -x s.zarr
usage "ls: there is no option '-x'" ls --json -xl s.zarr
usage "option '--json=1' takes no value" ls --json=1 s.zarr
usage "option '--requests' takes a value" ls s.zarr --requests
for n in 0 -1 3x '' 99999999999; do
    usage "--requests takes a number" ls s.zarr "--requests=$n"
    usage "--depth takes a number" ls s.zarr "--depth=$n"
done
for command in ls tree show check consolidate create; do
    usage "$command: STORE is missing" "$command"
done
usage "'c' is one argument too many" ls a b c
usage "'b' is one argument too many" check a b
usage "'c' is one argument too many" create a b c
usage "--store takes one of dir, zip, not 'tar'" create --store=tar x
usage "--consolidate takes one of drop, keep, write, not 'all'" create --consolidate=all x
usage "--purge is for --overwrite" create --purge x
usage "--verbose and --quiet exclude each other" create -vq x
usage "--recursive and --depth exclude each other" ls -R --depth 2 s.zarr
usage "is a directory, and --store=zip was given" create --store=zip s.zarr d.json
usage "--rooted and --under exclude each other" create --rooted --under a x
usage "--unchecked and --rooted exclude" create --unchecked --rooted x
usage "--unchecked and --under exclude" create --unchecked --under a x
usage "no --overwrite" create --unchecked --overwrite x
usage "no --consolidate" create --unchecked --consolidate x
[ ! -e x ] || fail "a store was made all the same"

# ---- options in front of the command and behind it, shortened, behind -- ----

for arguments in "--json ls s.zarr" "ls --json s.zarr" "ls s.zarr --json" "--js ls s.zarr"; do
    # shellcheck disable=SC2086
    run 0 $arguments
    json 'd["ok"] and [n["path"] for n in d["nodes"]] == ["a", "b"]'
done
for n in 1 2 8; do
    run 0 --requests "$n" ls -R s.zarr
    out_is <<<$'a\nb\nb/deep\nb/deep/x\nb/t'
    run 0 create --requests "$n" --json "r$n.zarr" d.json
    json "d['stats']['requests'] == $n"
done
run 0 create --json -- -odd d.json
run 0 ls -- -odd
out_is <<<$'a\nb'
run 0 ls -ql s.zarr
cp .out long
run 0 ls -lq s.zarr
out_is <long
out_has "group v3"

# ---- failures: 3, one line, and an object for programs ----

run 3 ls nothing.zarr
err_has "zh: cannot open 'nothing.zarr': No such file or directory"
err_lines 1
run 3 --json ls nothing.zarr
json 'not d["ok"] and d["code"] == "ZH_NOTFOUND" and "nothing.zarr" in d["message"]'
err_lines 1
echo text >file
for command in ls tree show check consolidate; do
    run 3 "$command" file
    err_has "neither a directory nor a zip archive"
done
for command in ls tree show consolidate; do
    run 3 --json "$command" s.zarr b/none
    json 'not d["ok"] and d["code"] == "ZH_NOTFOUND" and "b/none" in d["message"]'
    run 3 --json "$command" s.zarr a/../b
    json 'not d["ok"] and d["code"] == "ZH_KEY_DOT"'
done
run 3 consolidate s.zarr b/t
err_has "is an array"

# ---- output that cannot be written ----

gone() { # gone REASON ARGUMENT...: there is no stdout, or the disk is full
    local reason=$1 got=0
    shift
    case $reason in
    closed) "$ZH" "$@" 2>.err >&- || got=$? ;;
    full) "$ZH" "$@" 2>.err >/dev/full || got=$? ;;
    esac
    [ "$got" -eq 3 ] || fail "zh $* without a reader ($reason) ended with $got"
    err_has "zh: cannot write to standard output: "
}
# A pipe that nobody reads from any more.
mkfifo fifo
exec 4<>fifo 5>fifo 4<&-
gone_pipe() {
    local got=0
    "$ZH" "$@" 2>.err >&5 || got=$?
    [ "$got" -eq 3 ] || fail "zh $* into a broken pipe ended with $got"
    err_has "zh: cannot write to standard output: Broken pipe"
}
for reason in closed full; do
    gone $reason ls s.zarr
    gone $reason --json ls s.zarr
    gone $reason tree s.zarr
    gone $reason show s.zarr
    gone $reason check s.zarr
    gone $reason consolidate s.zarr
    gone $reason help
    gone $reason --version
    gone $reason create "$reason.zarr" d.json
    gone $reason create --json "${reason}2.zarr" d.json
done
gone_pipe ls s.zarr
gone_pipe --json ls s.zarr
gone_pipe help
gone_pipe create -v pipe.zarr d.json
exec 5>&-
# What was to be made is there, whole.
for store in closed closed2 full full2 pipe; do
    run 0 ls -R $store.zarr
    out_is <<<$'a\nb\nb/deep\nb/deep/x\nb/t'
    run 0 check $store.zarr
done
# Nothing to say, nothing to fail at. And no file gets the number of a stream that is not there.
"$ZH" -q create quiet.zarr d.json >&- 2>&- || fail "-q with stdout closed"
diff -r r1.zarr quiet.zarr || fail "a quiet creation makes something else"
got=0
"$ZH" create closed3.zarr d.json >&- 2>&- <&- || got=$?
[ $got -eq 3 ] || fail "all streams closed: $got"
diff -r r1.zarr closed3.zarr || fail "a creation without streams makes something else"
run 3 create nostdin.zarr <&-
err_has "cannot read standard input"
[ ! -e nostdin.zarr ] || fail "a store without a description"

# More than a pipe holds, and a reader that has seen enough.
python3 - <<'PYTHON'
import json
json.dump({f"{i:05}" + "x" * 100: {"zarr_format": 3, "node_type": "group"} for i in range(3000)}, open("many.json", "w"))
PYTHON
run 0 create -q many.zarr many.json
for options in "" -l -R --json; do
    # shellcheck disable=SC2086
    { got=0; "$ZH" ls $options many.zarr 2>.err || got=$?; echo $got >.code; } | head -c 20 >/dev/null
    [ "$(cat .code)" -eq 3 ] || fail "zh ls $options | head ended with $(cat .code)"
    err_has "Broken pipe"
    err_lines 1
done

# ---- quiet ----

run 0 -q create q.zarr d.json
[ ! -s .out ] && [ ! -s .err ] || fail "create -q says something"
run 0 -q consolidate q.zarr
[ ! -s .out ] || fail "consolidate -q says something"
run 0 -q check q.zarr
[ ! -s .out ] || fail "check -q says something"
run 0 -q tree q.zarr
! grep -q "groups" .out || fail "tree -q counts"
run 3 -q ls nothing
err_lines 1

# ---- terminals ----

python3 "$here/terminal.py" "$ZH" || fail "terminal.py"
echo "help, usage, output and terminals are as they should be"
