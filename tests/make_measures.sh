#!/bin/sh
# A file of measures that nobody measured: every part, several rounds, always the same.
# usage: tests/make_measures.sh >FILE
exec awk '
function noise() { seed = (seed * 1103515245 + 12345) % 2147483648; return seed / 2147483648 - 0.5 }
function row(part, subject, setting, measure, value) {
    printf "%s,%s,%s,%d,%s,%.6f\n", part, subject, setting, round, measure, value
}
function wobble(value) { return value * (1 + 0.12 * noise()) }

function compare(subject, cpus,    i, depths, list) {
    split("1 16 64 256", depths, " "); split(cpus, list, " ")
    for (i = 1; i <= 4; i++) {
        cpu = wobble(list[i])
        row("compare", subject, "depth " depths[i], "cpu_ns", cpu)
        row("compare", subject, "depth " depths[i], "answers_per_s", 0.9e9 / cpu)
        row("compare", subject, "depth " depths[i], "p50_ns", wobble(16 * depths[i] * cpu / 2))
        row("compare", subject, "depth " depths[i], "p99_ns", wobble(16 * depths[i] * cpu * 1.3))
        row("compare", subject, "depth " depths[i], "p999_ns", wobble(16 * depths[i] * cpu * 2))
        row("compare", subject, "depth " depths[i], "client_cpu_ns", wobble(list[i] * 0.6 + 30))
    }
}

function sweep(subject, capacity, base,    rate, load, slow) {
    for (rate = 20000; rate < 1.6 * capacity; rate *= 1.6) {
        load = rate / capacity
        slow = load < 0.97 ? 1 + 2 * load * load / (1 - load) : 8000 * load
        row("sweep", subject, "rate " int(rate), "offered_per_s", int(rate))
        row("sweep", subject, "rate " int(rate), "answers_per_s", wobble(1) * 0.02 * rate + 0.98 * (load < 1 ? rate : capacity))
        row("sweep", subject, "rate " int(rate), "p50_ns", wobble(base * slow))
        row("sweep", subject, "rate " int(rate), "p90_ns", wobble(base * 1.4 * slow))
        row("sweep", subject, "rate " int(rate), "p99_ns", wobble(base * 2.2 * slow))
        row("sweep", subject, "rate " int(rate), "p999_ns", wobble(base * 4 * slow))
        row("sweep", subject, "rate " int(rate), "p9999_ns", wobble(base * 7 * slow))
        row("sweep", subject, "rate " int(rate), "max_ns", wobble(base * 15 * slow))
        row("sweep", subject, "rate " int(rate), "cpu_ns", wobble(1e9 / capacity))
        row("sweep", subject, "rate " int(rate), "failed", 0)
        row("sweep", subject, "rate " int(rate), "wrong", 0)
    }
    row("sweep", subject, "knee", "knee_per_s", wobble(capacity * 0.85))
}

function latency(subject, base, tail,    i, list, count, p) {
    count = split("0 10 25 50 75 87.5 90 95 97.5 99 99.5 99.75 99.9 99.95 99.975 99.99 99.995 99.999 99.9995 99.9999", list, " ")
    for (i = 1; i <= count; i++) {
        p = list[i] < 100 ? list[i] : 99.99999
        row("latency", subject, "rate 20000", "at_" list[i],
            wobble(base * (0.7 + 0.12 * log(100 / (100 - p))) + tail * (100 / (100 - p)) / (100 / (100 - p) + 2000)))
    }
}

function stages(subject, setting, list,    i, steps, pair, count) {
    count = split(list, steps, ", ")
    for (i = 1; i <= count; i++) {
        split(steps[i], pair, ":")
        row("stages", subject, setting, pair[1], wobble(pair[2]))
    }
}

function loader(stage, seconds, floor) {
    row("loader", "country", "-", stage, wobble(seconds))
    if (floor > 0) row("loader", "country floor", "-", stage, wobble(floor))
}

BEGIN {
    seed = 7
    print "part,subject,setting,round,measure,value"
    print "# processor: Made Up Processor 9000 @ 2.80GHz"
    print "# cores: 2"
    print "# kernel: Linux 6.1.0-made-up x86_64"
    print "# compiler: gcc 12.2.0"
    print "# version: 0.0.0"
    print "# date: 2026-01-01"
    print "# load: 0.21 0.30 0.28"
    print "# load: 0.35 0.31 0.28"
    print "# command: eligbench compare --rounds 5 --measures build/measures.csv"
    print "# command: eligbench sweep --measures build/measures.csv"
    for (round = 0; round < 5; round++) {
        compare("echo", "3700 245 76 27"); compare("elig", "3950 330 128 84")
        compare("elig-sealed", "4700 560 245 178"); compare("redis", "5750 1440 1210 1150")
        compare("valkey", "5500 1290 1010 960"); compare("memcached", "5650 1510 1340 1120")
        sweep("echo", 3900000, 31000); sweep("elig", 2900000, 36000)
        sweep("elig-sealed", 1500000, 44000); sweep("redis", 420000, 60000)
        latency("elig quiet", 60000, 900000); latency("elig swap", 63000, 2400000)
        latency("elig ledger", 71000, 6000000); latency("echo quiet", 52000, 700000)
        latency("redis quiet", 78000, 1900000)
        stages("check", "depth 1", "wake:2400, read:820, decode:14, hash:250, probe:124, decide:45, encode:12, write:1200")
        stages("check", "depth 64", "wake:2.4, read:24, decode:5, hash:28, probe:17, decide:21, encode:6, write:31")
        stages("check", "depth 256", "wake:0.7, read:12, decode:5, hash:25, probe:17, decide:20, encode:6, write:14")
        stages("sealed", "depth 1", "wake:2400, read:830, open:330, decode:14, hash:250, probe:124, decide:45, encode:12, seal:330, write:1210")
        stages("sealed", "depth 64", "wake:2.4, read:26, open:52, decode:5, hash:28, probe:17, decide:21, encode:6, seal:49, write:33")
        stages("use", "depth 64", "wake:2.4, read:24, decode:6, hash:28, probe:17, decide:24, ledger:9100, commit:3400, encode:6, write:31")
        loader("read", 0.21, 0.18); loader("parse", 0.62, 0.40); loader("hash", 0.34, 0.22)
        loader("partition", 0.28, 0.19); loader("sort", 0.31, 0.24); loader("describe", 0.05, 0)
        loader("write", 0.33, 0.20); loader("verify", 0.11, 0.09); loader("total", 2.25, 1.52)
        row("loader", "sqlite3", "in turns", "total", wobble(62)); row("loader", "country", "in turns", "total", wobble(2.3)); row("loader", "sort", "-", "total", wobble(3.6))
        row("loader", "start", "-", "total", wobble(0.31)); row("stages", "check floor", "depth 64", "probe", wobble(13.6)); row("stages", "check floor", "depth 64", "probe alone", wobble(15.1))
    }
}'
