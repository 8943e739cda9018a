#!/usr/bin/env python3
"""A second implementation of the protocol, written from protocol/PROTOCOL.md alone.

usage: elig_oracle.py DIRECTORY    checks the vector files in it; exit 0 when all pass

Python's standard library only. As a module it has encode and decode of the three frames, what each
profile sees, normalise, digest, the calendar and the amounts.
"""
import datetime
import fractions
import hashlib
import math
import struct
import sys

# Sections 3, 5, 6: one format string per frame is the table of offsets.
REQUEST = struct.Struct("<BBBBHBBQ24sIIIIQ")
RESPONSE = struct.Struct("<BBHHHQQQQQIIIHH")
REPORT = RESPONSE

CHECK, PING, STATUS_KIND, USE, RESERVE, CONFIRM, CANCEL, REFUND, LATE = range(1, 10)
PURCHASES = (CHECK, USE, RESERVE, LATE)

# Section 8.
STATUS = {
    "OK": 0,
    "BAD_VERSION": 101, "BAD_KIND": 102, "BAD_RESERVED": 103, "BAD_REQUEST_ID": 104,
    "BAD_MEANS": 105, "BAD_IDENTIFIER": 106, "BAD_ENTRY": 107, "BAD_QUANTITY": 108,
    "DRAINING": 201, "BUSY": 202, "NOT_READY": 203, "NOT_PERMITTED": 204,
    "UNKNOWN_PRODUCT": 301, "UNKNOWN_POINT_OF_SALE": 302, "OUTSIDE_WINDOW": 303, "NO_CONTRACT": 304,
    "APPLIES": 310, "NO_DATA": 311, "DOES_NOT_APPLY": 312,
    "NO_LEDGER": 401, "CONFLICT": 402, "UNKNOWN_TRANSACTION": 403, "EXCEEDS": 404,
    "LIMIT_REACHED": 410, "TOO_SOON": 411, "BUDGET_SPENT": 412, "TOO_MANY_HELD": 413,
    "RESERVED": 420, "CONFIRMED": 421, "OVER_LIMIT": 422, "CANCELLED": 423, "EXPIRED": 424,
    "REFUNDED": 425,
}
STATUS_NAME = {number: name for name, number in STATUS.items()}

AMOUNT_MAX = 4294967295 * 10000


class Refused(Exception):
    """What is refused, by the name of its status or fault."""


# Section 9.
PERSONAL_CODE, EID, ETALONS, CARD = 1, 2, 3, 4
DIGITS = set(b"0123456789")
LETTERS = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
FILLERS = [text.encode() for text in
           (" ", "\t", "\u00a0", "-", "\u2010", "\u2011", "\u2012", "\u2013")]


def normalise(means, text):
    """The canonical form of bytes as they were written."""
    kept = bytearray()
    at = 0
    while at < len(text):                                                   # 1
        filler = next((f for f in FILLERS if text.startswith(f, at)), None)
        if filler:
            at += len(filler)
        else:
            kept.append(text[at] - 32 if ord("a") <= text[at] <= ord("z") else text[at])
            at += 1
    if len(kept) > 24:                                                      # 2
        raise Refused("TOO_LONG")
    if means == PERSONAL_CODE and kept.startswith(b"PNOLV"):                # 3
        del kept[:5]
    if not kept:                                                            # 4
        raise Refused("EMPTY")
    allowed = DIGITS if means in (PERSONAL_CODE, ETALONS) else DIGITS | LETTERS
    if not set(kept) <= allowed:                                            # 5
        raise Refused("WRONG_CHARACTER")
    if means == PERSONAL_CODE and len(kept) == 10:                          # 6
        kept = b"0" + kept
    if means == ETALONS:
        kept = kept.rjust(10, b"0")
    least, most = {PERSONAL_CODE: (11, 11), EID: (9, 9), ETALONS: (10, 10), CARD: (4, 24)}[means]
    if not least <= len(kept) <= most:                                      # 7
        raise Refused("WRONG_LENGTH")
    if means == PERSONAL_CODE and not 1 <= int(kept[:2]) <= 39:             # 8
        raise Refused("NOT_A_PERSON")
    if means == EID and not (set(kept[:2]) <= LETTERS and set(kept[2:]) <= DIGITS):
        raise Refused("WRONG_CHARACTER")
    if means == ETALONS and set(kept) == {ord("0")}:
        raise Refused("EMPTY")
    return bytes(kept).decode()


def is_canonical(means, text):
    try:
        return normalise(means, text).encode() == text
    except Refused:
        return False


# Section 13.
def digest(key, means, canonical):
    return hashlib.blake2b(bytes([means]) + canonical.encode(), digest_size=16, key=key).digest()


def subject(key, means, canonical):
    message = b"s" + bytes([means]) + canonical.encode()
    digest_bytes = hashlib.blake2b(message, digest_size=16, key=key).digest()
    return int.from_bytes(digest_bytes[:8], "little") or 1


# Sections 3 and 7.
REQUEST_FIELDS = ("kind", "means", "entry", "quantity", "companions", "request_id", "identifier",
                  "product", "point_of_sale", "unit_price", "service_time", "target_id")
TRANSACTION_FIELDS = REQUEST_FIELDS[:5] + ("hold",) + REQUEST_FIELDS[5:]


def encode_request(f):
    return REQUEST.pack(1, f["kind"], f["means"], f["entry"], f["quantity"], f["companions"],
                        f["hold"], f["request_id"], f["identifier"].encode(), f["product"],
                        f["point_of_sale"], f["unit_price"], f["service_time"], f["target_id"])


def refuse_purchase(f):
    """Section 7, the first column from 103 on."""
    if (f["target_id"] or (f["kind"] == LATE and f["service_time"] == 0)
            or (not 1 <= f["hold"] <= 90 if f["kind"] == RESERVE else f["hold"] != 0)):
        raise Refused("BAD_RESERVED")
    if f["request_id"] == 0:
        raise Refused("BAD_REQUEST_ID")
    if f["means"] not in (1, 2, 3, 4):
        raise Refused("BAD_MEANS")
    if not is_canonical(f["means"], f["identifier"]):
        raise Refused("BAD_IDENTIFIER")
    if f["entry"] > 4:
        raise Refused("BAD_ENTRY")
    if not 1 <= f["quantity"] <= 10000:
        raise Refused("BAD_QUANTITY")


def refuse_other(f):
    """Section 7, the second column from 103 on."""
    kind = f["kind"]
    if (f["hold"] or f["companions"] or f["point_of_sale"] or f["service_time"]
            or (f["unit_price"] and kind != REFUND) or (kind == PING and f["target_id"])
            or (f["product"] and f["target_id"] == 0)):
        raise Refused("BAD_RESERVED")
    if f["request_id"] == 0 or (kind in (CONFIRM, CANCEL, REFUND) and f["target_id"] == 0):
        raise Refused("BAD_REQUEST_ID")
    if f["means"]:
        raise Refused("BAD_MEANS")
    if f["identifier"]:
        raise Refused("BAD_IDENTIFIER")
    if f["entry"]:
        raise Refused("BAD_ENTRY")
    if f["quantity"] > (10000 if kind in (CONFIRM, REFUND) else 0) or (f["quantity"] and f["unit_price"]):
        raise Refused("BAD_QUANTITY")


def decode_request(frame):
    (version, kind, means, entry, quantity, companions, hold, request_id, padded, product,
     point_of_sale, unit_price, service_time, target_id) = REQUEST.unpack(frame)
    if version != 1:
        raise Refused("BAD_VERSION")
    if not 1 <= kind <= 9:
        raise Refused("BAD_KIND")
    fields = dict(zip(TRANSACTION_FIELDS, (kind, means, entry, quantity, companions, hold, request_id,
                                           padded.rstrip(b"\0"), product, point_of_sale, unit_price,
                                           service_time, target_id)))
    (refuse_purchase if kind in PURCHASES else refuse_other)(fields)
    fields["identifier"] = fields["identifier"].decode()
    return fields


# Section 5.
RESPONSE_FIELDS = ("kind", "status", "split", "remaining", "request_id", "ledger_sequence",
                   "generation", "relief_amount", "payable", "relief", "valid_until",
                   "server_time", "stale_h", "wait_ms")


def encode_response(f):
    return RESPONSE.pack(1, *(f[name] for name in RESPONSE_FIELDS))


NEEDS_RELIEF = [STATUS[name] for name in ("APPLIES", "RESERVED", "CONFIRMED", "OVER_LIMIT")]
MAY_HAVE_RELIEF = NEEDS_RELIEF + [STATUS[name] for name in ("CANCELLED", "EXPIRED", "REFUNDED")]


def decode_response(frame):
    version, *values = RESPONSE.unpack(frame)
    f = dict(zip(RESPONSE_FIELDS, values))
    if (version != 1 or f["status"] not in STATUS_NAME
            or (f["status"] == STATUS["OK"] and f["kind"] != PING)
            or (f["relief"] == 0 and f["status"] in NEEDS_RELIEF)
            or (f["relief"] != 0 and f["status"] not in MAY_HAVE_RELIEF)
            or (f["relief"] == 0 and (f["split"] or f["relief_amount"] or f["valid_until"]))
            or (f["wait_ms"] and f["status"] not in (STATUS["BUSY"], STATUS["DRAINING"]))
            or f["relief_amount"] + f["payable"] > AMOUNT_MAX):
        raise Refused("REFUSED")
    return f


# Section 6.
REPORT_FIELDS = ("request_id", "check_count", "generation", "identifier_count", "person_count",
                 "uptime_s", "connection_count", "server_time", "stale_h")


def encode_report(f):
    return REPORT.pack(1, STATUS_KIND, STATUS["OK"], 0, 65535, *(f[name] for name in REPORT_FIELDS),
                       0)


def decode_report(frame):
    values = REPORT.unpack(frame)
    if values[:5] != (1, STATUS_KIND, STATUS["OK"], 0, 65535) or values[-1] != 0:
        raise Refused("REFUSED")
    return dict(zip(REPORT_FIELDS, values[5:-1]))


# Sections 1 and 10.
EPOCH = datetime.date(1970, 1, 1)


def day_of_text(text):
    """Day number of an ISO date of exactly ten characters."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-" or \
            not set(text.replace("-", "")).issubset("0123456789"):
        raise Refused("REFUSED")
    try:
        return (datetime.date(int(text[:4]), int(text[5:7]), int(text[8:])) - EPOCH).days
    except ValueError:
        raise Refused("REFUSED") from None


def text_of_day(day):
    return (EPOCH + datetime.timedelta(days=day)).isoformat()


def day_of_age(birth_day, years):
    birth = EPOCH + datetime.timedelta(days=birth_day)
    try:
        reached = birth.replace(year=birth.year + years)
    except ValueError:
        reached = datetime.date(birth.year + years, 3, 1)
    return (reached - EPOCH).days


def clock_change_s(year, month):
    last = datetime.date(year, month, 31)
    sunday = last - datetime.timedelta(days=(last.weekday() + 1) % 7)
    return (sunday - EPOCH).days * 86400 + 3600


def riga_offset_s(utc_s):
    year = (EPOCH + datetime.timedelta(days=utc_s // 86400)).year
    summer = clock_change_s(year, 3) <= utc_s < clock_change_s(year, 10)
    return 10800 if summer else 7200


def riga_time(utc_s):
    """Civil day in Riga and seconds since its midnight by the wall clock."""
    return divmod(utc_s + riga_offset_s(utc_s), 86400)


def time_of_riga_day(day):
    for offset in (7200, 10800):
        start = day * 86400 - offset
        if riga_time(start) == (day, 0):
            return start
    raise ValueError("no midnight")


# Section 8, "Several reliefs together".
def code_together(code, following):
    return ((code * 16777619) ^ following) % 2**31 or 1


# Section 8, "Profiles".
RELIEF_UNTOLD = 4294967295
PROFILES = ("gate", "till", "inspector", "administrator")


def mask(profile, service_time, answer):
    """The fields of a response as this profile sees them."""
    seen = dict(answer)
    is_hold_end = answer["kind"] == RESERVE or answer["status"] == STATUS["RESERVED"]
    if profile == "gate":
        if answer["status"] in (311, 410, 411, 412, 413):
            seen["status"] = STATUS["DOES_NOT_APPLY"]
        if answer["status"] == STATUS["OVER_LIMIT"]:
            seen["status"] = STATUS["APPLIES" if answer["kind"] == LATE else "CONFIRMED"]
        if answer["relief"] != 0:
            seen["relief"] = RELIEF_UNTOLD
        seen.update(split=0, remaining=65535)
        if not is_hold_end:
            seen["valid_until"] = 0
    if profile == "till" and not is_hold_end:
        day, _ = riga_time(service_time)
        seen["valid_until"] = min(seen["valid_until"], time_of_riga_day(day + 1))
    return seen


# Section 11.
def rounded(exact, rounding, step):
    steps = exact / step
    if rounding == "half-up":
        return math.floor(steps + fractions.Fraction(1, 2)) * step
    return (math.floor if rounding == "down" else math.ceil)(steps) * step


def amount(clause, price, quantity, companions, payable):
    """Units covered, what is taken off, and what is left to pay."""
    companion_units = min(companions, quantity - 1)                         # 1
    own_units = quantity - companion_units
    covered = min(own_units, clause["for"] or own_units) + min(companion_units, clause["with"])
    base = payable * covered // quantity                                    # 2
    value, above = clause["value"], clause["above"]
    if clause["computation"] == "percent":                                  # 3
        exact = fractions.Fraction((base - min(base, above * covered)) * value, 10000)
    else:
        exact = fractions.Fraction({
            "amount": min(value, base),
            "subsidy": min(value * covered, base),
            "price": base - min(base, value * covered),
        }[clause["computation"]])
    found = rounded(exact, clause["rounding"], clause["step"])              # 4
    if clause["cap"]:                                                       # 5
        found = min(found, clause["cap"] * (covered if clause["cap_each"] else 1))
    found = min(found, base)                                                # 6
    return covered, found, payable - found


# Section 16: the vectors.
def number_or_text(name, word):
    if name == "identifier":
        return "" if word == "-" else word
    if name == "status":
        return STATUS[word]
    return int(word)


def check_frame(words, fields, encode, decode):
    """name STATUS - hex: refused. name [status] fields... hex: decodes to them and back."""
    frame = bytes.fromhex(words[-1])
    if words[2] == "-":
        try:
            decode(frame)
        except Refused as refused:
            return str(refused) == words[1]
        return False
    wanted = dict(zip(fields, map(number_or_text, fields, words[2:-1])))
    if len(words) != len(fields) + 3 or words[1] != "OK":
        return False
    return decode(frame) == wanted and encode(wanted) == frame


def check_request(words):
    """Kinds that hold nothing: there is no column for it."""
    def decode(frame):
        found = decode_request(frame)
        return {name: found[name] for name in REQUEST_FIELDS} if found["hold"] == 0 else None
    return check_frame(words, REQUEST_FIELDS, lambda f: encode_request({"hold": 0, **f}), decode)


def check_transaction(words):
    return check_frame(words, TRANSACTION_FIELDS, encode_request, decode_request)


def check_response(words):
    return check_frame(words, RESPONSE_FIELDS, encode_response, decode_response)


def check_report(words):
    return check_frame(words, REPORT_FIELDS, encode_report, decode_report)


def check_identifier(words):
    _, means, fault, canonical, text = words
    text = b"" if text == "-" else bytes.fromhex(text)
    try:
        found = ("FINE", normalise(int(means), text))
    except Refused as refused:
        found = (str(refused), "-")
    return found == (fault, canonical)


def check_digest(words):
    _, key, means, canonical, wanted = words
    return is_canonical(int(means), canonical.encode()) and \
        digest(bytes.fromhex(key), int(means), canonical).hex() == wanted


def check_subject(words):
    _, key, means, canonical, wanted = words
    return f"{subject(bytes.fromhex(key), int(means), canonical):016x}" == wanted


def check_day(words):
    what, values = words[1], words[2:]
    if what == "date":
        return day_of_text(values[1]) == int(values[0]) and text_of_day(int(values[0])) == values[1]
    if what == "no-date":
        try:
            day_of_text(values[0])
        except Refused:
            return True
        return False
    numbers = [int(value) for value in values]
    if what == "age":
        return day_of_age(numbers[0], numbers[1]) == numbers[2]
    if what == "riga":
        return riga_time(numbers[0]) == (numbers[1], numbers[2])
    if what == "midnight":
        return time_of_riga_day(numbers[0]) == numbers[1]
    return False


CLAUSE_FIELDS = ("computation", "value", "above", "cap", "cap_each", "rounding", "step", "for", "with")


def check_amount(words):
    _, computation, value, above, cap, cap_each, rounding, step, *counts = words
    units, companions_max, price, quantity, companions, payable, *wanted = map(int, counts)
    clause = dict(zip(CLAUSE_FIELDS, (computation, int(value), int(above), int(cap), int(cap_each),
                                      rounding, int(step), units, companions_max)))
    return amount(clause, price, quantity, companions, payable) == tuple(wanted)


def check_code(words):
    code, following, together = map(int, words[1:])
    return code_together(code, following) == together


def check_mask(words):
    _, profile, service_time, before, after = words
    seen = mask(profile, int(service_time), decode_response(bytes.fromhex(before)))
    decode_response(bytes.fromhex(after))
    return profile in PROFILES and encode_response(seen).hex() == after


FILES = {
    "requests.txt": check_request,
    "transactions.txt": check_transaction,
    "responses.txt": check_response,
    "reports.txt": check_report,
    "identifiers.txt": check_identifier,
    "digests.txt": check_digest,
    "subjects.txt": check_subject,
    "days.txt": check_day,
    "amounts.txt": check_amount,
    "codes.txt": check_code,
    "masks.txt": check_mask,
}


def check_file(path, check):
    """Counts of passed and failed cases; a file without cases is a failure."""
    passed = failed = 0
    with open(path, encoding="ascii") as lines:
        for number, line in enumerate(lines, 1):
            if line.startswith("#") or not line.strip():
                continue
            words = line.split()
            try:
                good = check(words)
            except (Refused, ValueError, KeyError, IndexError, struct.error):
                good = False
            if good:
                passed += 1
            else:
                failed += 1
                print(f"{path}:{number}: {words[0]}: differs from PROTOCOL.md")
    return (passed, failed) if passed + failed > 0 else (0, 1)


def main(arguments):
    if len(arguments) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    counts = [check_file(f"{arguments[1]}/{name}", check) for name, check in FILES.items()]
    passed, failed = (sum(column) for column in zip(*counts))
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
