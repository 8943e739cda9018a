#!/bin/sh
# README's two commands and `make check` in a bare Debian 12 that is made for it and thrown away:
# make check-fresh. Root only, some minutes, some 600 MB under TMPDIR.
# PERSONS is the size of the demo's country (20000).
set -u
: "${PERSONS:=20000}"
[ "$(id -u)" -eq 0 ] || { echo "skipped: only root may make a system of its own"; exit 77; }
command -v debootstrap >/dev/null || { echo "skipped: no debootstrap (apt-get install debootstrap)"; exit 77; }

work=$(mktemp -d) || exit 3
root=$work/root
clean_up() {
    umount "$root/proc" 2>/dev/null
    umount "$root/dev" 2>/dev/null
    mountpoint -q "$root/proc" || mountpoint -q "$root/dev" || rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# The mirror is the one that this machine uses.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    sed -n 's/^deb  *\(\[[^]]*\] *\)\{0,1\}\([a-z+]*:[^ ]*\) .*/\2/p; s/^URIs: *\([^ ]*\).*/\1/p' |
    grep -v security | head -1)
[ -n "$mirror" ] || { echo "skipped: no mirror in the apt sources"; exit 77; }

step() {
    printf '== %s\n' "$1"
    shift
    started=$(date +%s)
    "$@" >"$work/log" 2>&1
    status=$?
    [ $status -eq 0 ] || { tail -40 "$work/log"; printf '== failed, exit %s\n' $status; exit 1; }
    tail -"${SHOW:-1}" "$work/log"
    printf '   %s s\n' $(($(date +%s) - started))
}
# LC_ALL=C, no home, no network beyond apt's.
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$root" sh -c "cd /elig && $1"; }

options=
case $mirror in http*) ;; *) options="--no-check-gpg" ;; esac
# shellcheck disable=SC2086 # none or one word
step "a bare Debian 12" debootstrap $options --variant=minbase bookworm "$root" "$mirror"
cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null
cp /etc/resolv.conf "$root/etc/" 2>/dev/null
mount -t proc proc "$root/proc" || exit 3
mount --bind /dev "$root/dev" || exit 3

# The checkout without what was built and without history.
mkdir "$root/elig"
tar -c --exclude='./build' --exclude='./build-*' --exclude='./.git' . | tar -x -C "$root/elig" || exit 3

# README's own lines; a bare system has root and no sudo.
install=$(sed -n 's/^ *sudo \(apt-get update && \)sudo \(apt-get install .*\)/\1\2/p' README.md | head -1)
[ -n "$install" ] || { echo "README.md has no line that installs"; exit 1; }
step "$install" inside "$install"
SHOW=60 step "make demo PERSONS=$PERSONS" inside "make demo PERSONS=$PERSONS"
step "make check" inside "make -j$(nproc) check"
echo "3 passed, 0 failed, 0 skipped"
