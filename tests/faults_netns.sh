#!/bin/sh
# Lost packets, a flood of SYNs, large packets that vanish: in a network namespace of its own.
# usage: tests/faults_netns.sh PROGRAM     (make faults-netns, as root)
set -u
skip() {
    echo "skipped: $*"
    exit 77
}
[ "$(id -u)" -eq 0 ] || skip "it wants root, for a network namespace of its own"
command -v ip >/dev/null || skip "no ip: apt-get install -y --no-install-recommends iproute2"
command -v nft >/dev/null || skip "no nft: apt-get install -y --no-install-recommends nftables"
unshare --net true 2>/dev/null || skip "this machine gives nobody a network namespace"
unshare --net nft list ruleset >/dev/null 2>&1 || skip "nft does not work here"
unshare --net sh -c 'nft add table ip t && nft "add chain ip t in { type filter hook input priority 0; }" &&
    nft "add rule ip t in numgen random mod 100 < 3 drop" && nft "add rule ip t in meta length > 600 drop"' \
    2>/dev/null || skip "this kernel cannot drop packets by chance or by size"
# shellcheck disable=SC2016 # the inner shell's $1
exec unshare --net sh -c 'ip link set lo mtu 1500; ip link set lo up && exec "$1"' sh "$1"
