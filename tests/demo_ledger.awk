# Compares statements of contracts and the report of givers with the terminals' own books.
# awk -f tests/demo_ledger.awk events.ndjson statements.txt givers.csv day.json
#
# A terminal knows a code, and a code may be of several reliefs together: contracts that share one stand
# in one row. Only the events say which code is which contract's; the amounts of both sides come from
# elsewhere. Exit 1: something differs.

# Euros as 1/10000.
function units(text,    part, n, value) {
    n = split(text, part, ".")
    value = part[1] * 10000 + (n > 1 ? substr(part[2] "0000", 1, 4) : 0) * (text ~ /^-/ ? -1 : 1)
    return value
}
function euros(value,    sign, text) {
    sign = value < 0 ? "-" : ""
    if (value < 0) value = -value
    text = sprintf("%.0f.%04.0f", int(value / 10000), value % 10000)
    sub(/00$/, "", text)
    return sign text
}
function root(contract) {
    while (parent[contract] != "" && parent[contract] != contract) contract = parent[contract]
    return contract
}
function row(name, contracts, ledger, terminals) {
    printf "%-12s %-22s %16s %16s %10s\n", name, contracts, euros(ledger), euros(terminals), euros(ledger - terminals)
    if (ledger != terminals) differs = 1
}

FILENAME != file { file = FILENAME; which++ }

# events: which contracts a code is of
which == 1 {
    if (!match($0, /"relief_code": [0-9]+/)) next
    code = substr($0, RSTART + 15, RLENGTH - 15)
    if (code in of_code) next
    first = ""
    rest = substr($0, RSTART + RLENGTH)
    while (match(rest, /"contract": [0-9]+/)) {
        contract = substr(rest, RSTART + 12, RLENGTH - 12)
        rest = substr(rest, RSTART + RLENGTH)
        if (first == "") first = contract
        else parent[root(contract)] = root(first)
    }
    if (first != "") of_code[code] = first
    next
}
# statements: contract, provider, amount
which == 2 { provider_of[$1] = $2; stated[$1] = units($3); order[++contract_count] = $1; next }
# givers: what was given, by provider of the point of sale
which == 3 {
    split($0, cell, ",")
    if (cell[2] != "" && cell[2] ~ /^[0-9]/) givers += units(cell[11])
    next
}
# the terminals' books
/"provider":/ { gsub(/[^0-9]/, ""); provider = $0; next }
/"relief":/ { gsub(/[^0-9]/, ""); code = $0; next }
/"relief_amount":/ {
    gsub(/[^0-9-]/, "")
    if (code in of_code) own[of_code[code]] += $0
    else unknown[provider] += $0
    own_all += $0
}

END {
    if (which < 4 || contract_count == 0) { print "something is missing"; exit 1 }
    printf "%-12s %-22s %16s %16s %10s\n", "provider", "contract", "ledger", "terminals", "difference"
    for (i = 1; i <= contract_count; i++) {
        c = order[i]
        r = root(c)
        names[r] = names[r] (names[r] == "" ? "" : "+") c
        ledger[r] += stated[c]
        terminals[r] += own[c]
        stated_all += stated[c]
    }
    for (i = 1; i <= contract_count; i++) {
        c = order[i]
        if (root(c) == c && (ledger[c] != 0 || terminals[c] != 0)) row(provider_of[c], names[c], ledger[c], terminals[c])
    }
    for (provider in unknown) row(provider, "code of no event", 0, unknown[provider])
    # what needs no contract is in no statement
    row("all", "statements", stated_all, own_all - own[0])
    row("all", "report givers", givers, own_all)
    exit differs
}
