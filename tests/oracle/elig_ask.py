#!/usr/bin/env python3
"""Puts the vectors and the test identities to a running server, and judges its answers by PROTOCOL.md.

usage: elig_ask.py DIRECTORY SOCKET [PROFILE]
           DIRECTORY has requests.txt and transactions.txt; SOCKET is the path of a Unix socket, or a TCP port of 127.0.0.1;
           PROFILE is that of the listener: gate, till (when it is not said), inspector, administrator

Exit 0 when every answer is right. For whoever writes another server, and for checking this one.
"""
import socket
import sys

import elig_oracle as oracle

TIMEOUT_S = 10
TEST_IDENTITIES = {
    1: ("01010000018", "01010000026", "01010000034"),
    2: ("ZZ0000001", "ZZ0000002", "ZZ0000003"),
    3: ("9999999991", "9999999992", "9999999993"),
    4: ("TESTHIT", "TESTEXPIRED", "TESTMISS"),
}


def ask(path, data, step):
    """All that comes back on a connection whose sending side is shut after `data`."""
    is_port = path.isdigit()
    with socket.socket(socket.AF_INET if is_port else socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT_S)
        connection.connect(("127.0.0.1", int(path)) if is_port else path)
        for at in range(0, len(data), step):
            connection.sendall(data[at:at + step])
        connection.shutdown(socket.SHUT_WR)
        answers = b""
        while part := connection.recv(65536):
            answers += part
    return [answers[at:at + 64] for at in range(0, len(answers), 64)]


def is_right(status, request, answer):
    if len(answer) != 64 or answer[1] != request[1] or answer[8:16] != request[8:16]:
        return False
    if status != "OK":
        return oracle.STATUS_NAME[oracle.decode_response(answer)["status"]] == status
    if request[1] == oracle.STATUS_KIND and request[56:] == bytes(8):
        return oracle.decode_report(answer)["request_id"] != 0
    found = oracle.decode_response(answer)["status"]
    if request[1] == oracle.CHECK:
        return 301 <= found <= 312
    if request[1] == oracle.PING:
        return found == oracle.STATUS["OK"]
    return found == oracle.STATUS["NO_LEDGER"] or found in answers_to(request[1])


def answers_to(kind):
    """What a server that keeps a ledger may say to a transaction of this kind: section 15."""
    states = set(range(420, 426))
    denials = {204, 301, 302, 303, 304, 311, 312, 410, 411, 412, 413}
    if kind in oracle.PURCHASES:
        return denials | {310, 402, 422, 423}
    return states | denials - {204, 301, 302, 303, 304} | ({403} if kind == oracle.STATUS_KIND else {402, 403, 404})


def check_of(means, identifier, **others):
    fields = dict.fromkeys(oracle.TRANSACTION_FIELDS, 0)
    fields.update(kind=oracle.CHECK, means=means, identifier=identifier, quantity=1, product=1,
                  unit_price=15000, request_id=5)
    fields.update(others)
    return oracle.encode_request(fields)


def is_same(answer, other):
    """But for what follows the server's clock."""
    return answer[:56] == other[:56] and answer[62:] == other[62:]


def judge_vectors(path, rows):
    """Every frame of version 1 down one connection, cut where nobody would, and half of one after."""
    asked = [(status, bytes.fromhex(frame)) for _, status, *_, frame in rows
             if status != "BAD_VERSION"]
    answers = ask(path, b"".join(frame for _, frame in asked) + b"\1" * 20, 37)
    yield "an answer for each request", len(answers) == len(asked)
    for (name, *_), (status, frame), answer in zip(
            (row for row in rows if row[1] != "BAD_VERSION"), asked, answers):
        yield name, is_right(status, frame, answer)


def judge_ledger(path, rows):
    """A server keeps a ledger or it does not, and says so before it looks at what is bought."""
    asked = [bytes.fromhex(row[-1]) for row in rows if row[1] == "OK"]
    asked = [frame for frame in asked if frame[1] > oracle.STATUS_KIND or any(frame[56:])]
    told = [oracle.decode_response(a)["status"] == oracle.STATUS["NO_LEDGER"]
            for a in ask(path, b"".join(asked), 64)]
    yield "whether a ledger is kept", len(told) == len(asked) > 0 and all(t == told[0] for t in told)


def judge_versions(path, rows):
    """Another version is answered, and nothing after it."""
    ping = next(bytes.fromhex(row[-1]) for row in rows if row[0] == "ping")
    for name, status, *_, frame in rows:
        if status == "BAD_VERSION":
            answers = ask(path, ping + bytes.fromhex(frame) + ping, 64)
            yield name, len(answers) == 2 and is_right("OK", ping, answers[0]) and \
                is_right(status, bytes.fromhex(frame), answers[1])


def judge_identities(path, profile):
    """HIT applies; EXPIRED, MISS and ANYBODY are the same bytes but for the server's clock."""
    relief = oracle.RELIEF_UNTOLD if profile == "gate" else 1
    for means, identifiers in TEST_IDENTITIES.items():
        answers = ask(path, b"".join(check_of(means, text) for text in identifiers), 64)
        statuses = [oracle.STATUS_NAME[oracle.decode_response(a)["status"]] for a in answers]
        yield f"test identities of means {means}", \
            statuses == ["APPLIES", "DOES_NOT_APPLY", "DOES_NOT_APPLY"]
        hit = oracle.decode_response(answers[0])
        yield f"what HIT of means {means} gets", \
            (hit["relief"], hit["relief_amount"], hit["payable"]) == (relief, 15000, 0)
        yield f"until when, means {means}", is_end_seen(profile, hit)
        yield f"unknown looks like expired, means {means}", is_same(answers[1], answers[2])
    anybody, miss = ask(path, check_of(4, "ANYBODY") + check_of(4, "TESTMISS"), 64)
    yield "ANYBODY is nobody", is_same(anybody, miss)


def is_end_seen(profile, hit):
    """Whether VALID_UNTIL is what this profile sees of a relief that holds for days."""
    day, _ = oracle.riga_time(hit["server_time"])
    tonight = oracle.time_of_riga_day(day + 1)
    end = hit["valid_until"]
    return end == 0 if profile == "gate" else end == tonight if profile == "till" else end > tonight


def judge_purchases(path):
    """What is settled without the identifier is the same for all; what needs no contract is given
    anywhere; and amounts are those of section 11."""
    unknown = [check_of(1, text, product=4294967295) for text in TEST_IDENTITIES[1]]
    answers = ask(path, b"".join(unknown), 64)
    yield "a product that is not in the catalogue", all(
        oracle.decode_response(a)["status"] == oracle.STATUS["UNKNOWN_PRODUCT"] for a in answers)
    yield "is so whoever buys it", is_same(answers[0], answers[1]) and is_same(answers[0], answers[2])
    past = [check_of(1, text, service_time=86400) for text in TEST_IDENTITIES[1]]
    answers = ask(path, b"".join(past), 64)
    yield "a day that cannot be judged", all(
        oracle.decode_response(a)["status"] == oracle.STATUS["OUTSIDE_WINDOW"] for a in answers)
    yield "cannot be whoever buys", is_same(answers[0], answers[1]) and is_same(answers[0], answers[2])

    hit = TEST_IDENTITIES[1][0]
    nowhere, elsewhere = ask(path, check_of(1, hit) + check_of(1, hit, point_of_sale=4294967295), 64)
    yield "an unknown point of sale is nowhere", is_same(nowhere, elsewhere)
    clause = dict(zip(oracle.CLAUSE_FIELDS, ("percent", 10000, 0, 0, 0, "half-up", 1, 0, 0)))
    for quantity, companions in ((1, 0), (3, 0), (3, 1), (3, 2), (3, 255), (10000, 0)):
        answer, = ask(path, check_of(1, hit, quantity=quantity, companions=companions,
                                     unit_price=15001), 64)
        _, amount, left = oracle.amount(clause, 15001, quantity, companions, 15001 * quantity)
        found = oracle.decode_response(answer)
        yield f"{quantity} with {companions} companions", \
            (found["relief_amount"], found["payable"]) == (amount, left)


def main(arguments):
    profile = arguments[3] if len(arguments) == 4 else "till"
    if len(arguments) not in (3, 4) or profile not in oracle.PROFILES:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    rows = []
    for name in ("requests.txt", "transactions.txt"):
        with open(f"{arguments[1]}/{name}", encoding="ascii") as lines:
            rows += [line.split() for line in lines if not line.startswith("#")]
    path = arguments[2]
    passed = failed = 0
    for judge in (judge_vectors(path, rows), judge_ledger(path, rows), judge_versions(path, rows),
                  judge_identities(path, profile), judge_purchases(path)):
        try:
            for name, good in judge:
                passed += good
                failed += not good
                if not good:
                    print(f"{name}: not what PROTOCOL.md says")
        except oracle.Refused:
            failed += 1
            print("an answer that is no answer of this protocol: stopped there")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
