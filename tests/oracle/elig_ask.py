#!/usr/bin/env python3
"""Puts the vectors and the test identities to a running server, and judges its answers by PROTOCOL.md.

usage: elig_ask.py DIRECTORY SOCKET    DIRECTORY has requests.txt; SOCKET is the path of a Unix socket,
                                       or a TCP port of 127.0.0.1

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
    return found == (oracle.STATUS["OK"] if request[1] == oracle.PING else oracle.STATUS["NO_LEDGER"])


def check_of(means, identifier):
    fields = dict.fromkeys(oracle.REQUEST_FIELDS, 0)
    fields.update(kind=oracle.CHECK, means=means, identifier=identifier, quantity=1, product=1,
                  unit_price=15000, request_id=5)
    return oracle.encode_request(fields)


def judge_vectors(path, rows):
    """Every frame of version 1 down one connection, cut where nobody would, and half of one after."""
    asked = [(status, bytes.fromhex(frame)) for _, status, *_, frame in rows
             if status != "BAD_VERSION"]
    answers = ask(path, b"".join(frame for _, frame in asked) + b"\1" * 20, 37)
    yield "an answer for each request", len(answers) == len(asked)
    for (name, *_), (status, frame), answer in zip(
            (row for row in rows if row[1] != "BAD_VERSION"), asked, answers):
        yield name, is_right(status, frame, answer)


def judge_versions(path, rows):
    """Another version is answered, and nothing after it."""
    ping = next(bytes.fromhex(row[-1]) for row in rows if row[0] == "ping")
    for name, status, *_, frame in rows:
        if status == "BAD_VERSION":
            answers = ask(path, ping + bytes.fromhex(frame) + ping, 64)
            yield name, len(answers) == 2 and is_right("OK", ping, answers[0]) and \
                is_right(status, bytes.fromhex(frame), answers[1])


def judge_identities(path):
    """HIT applies; EXPIRED and MISS are the same bytes but for the server's clock."""
    for means, identifiers in TEST_IDENTITIES.items():
        answers = ask(path, b"".join(check_of(means, text) for text in identifiers), 64)
        statuses = [oracle.STATUS_NAME[oracle.decode_response(a)["status"]] for a in answers]
        yield f"test identities of means {means}", \
            statuses == ["APPLIES", "DOES_NOT_APPLY", "DOES_NOT_APPLY"]
        hit = oracle.decode_response(answers[0])
        yield f"what HIT of means {means} gets", \
            (hit["relief"], hit["relief_amount"], hit["payable"]) == (1, 15000, 0)
        yield f"unknown looks like expired, means {means}", \
            answers[1][:56] == answers[2][:56] and answers[1][62:] == answers[2][62:]


def main(arguments):
    if len(arguments) != 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    with open(f"{arguments[1]}/requests.txt", encoding="ascii") as lines:
        rows = [line.split() for line in lines if not line.startswith("#")]
    path = arguments[2]
    passed = failed = 0
    for judge in (judge_vectors(path, rows), judge_versions(path, rows), judge_identities(path)):
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
