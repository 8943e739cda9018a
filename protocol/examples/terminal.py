#!/usr/bin/env python3
"""A terminal written from PROTOCOL.md alone: python3-cryptography for X25519, ChaCha20-Poly1305 and
nothing of this project.

    echo 010100-00018 | terminal.py ask 192.0.2.1 7447 KEYS 4711 0 [use]
    terminal.py vectors tests/vectors

KEYS is a folder with server.pub, server-next.pub (if there is one), terminal and merchant, as
eligctl keygen makes them, and counter.millis. 4711 is the terminal's number, 0 the environment of
production. Each line is a personal code that buys product 1 for 1.50 EUR: a CHECK, or a USE, which a
terminal that can lose power stores before it sends it. `vectors` checks records.txt and noise.txt byte by byte."""

import hashlib
import hmac
import os
import pathlib
import secrets
import socket
import struct
import sys
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SUITE = b"Noise_IKpsk2_25519_ChaChaPoly_SHA512"
HELLO, ACCEPT, BUSY, DATA = 1, 2, 3, 16
FRAME = 64
DRAINING, NOT_READY = 201, 203
CHECK, USE = 1, 4
TIMEOUT_S = 3
ATTEMPTS = 6


class Deviation(Exception):
    """What came is not what the protocol has: close without a word."""


def public_of(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def dh(secret, public):
    try:
        return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:  # a point of low order
        raise Deviation("a public key is none") from error


def hkdf(chaining_key, data, count):
    t = hmac.digest(chaining_key, data, "sha512")
    outputs, last = [], b""
    for i in range(1, count + 1):
        last = hmac.digest(t, last + bytes([i]), "sha512")
        outputs.append(last)
    return outputs


class Cipher:
    """A key and how often it was used."""

    def __init__(self, key):
        self.aead, self.counter = ChaCha20Poly1305(key), 0

    def nonce(self):
        self.counter += 1
        return bytes(4) + struct.pack("<Q", self.counter - 1)

    def seal(self, header, text):
        return self.aead.encrypt(self.nonce(), text, header)

    def open(self, header, sealed):
        try:
            return self.aead.decrypt(self.nonce(), sealed, header)
        except InvalidTag as error:
            raise Deviation("a seal does not fit") from error


class Handshake:
    """The terminal's side of the suite."""

    def __init__(self, prologue, secret, server_public, psk):
        self.secret, self.server_public, self.psk = secret, server_public, psk
        self.h = self.ck = SUITE + bytes(64 - len(SUITE))
        self.cipher = None
        self.mix_hash(prologue)
        self.mix_hash(server_public)

    def mix_hash(self, data):
        self.h = hashlib.sha512(self.h + data).digest()

    def mix_key(self, data):
        self.ck, key = hkdf(self.ck, data, 2)
        self.cipher = Cipher(key[:32])

    def put(self, text):
        sealed = self.cipher.seal(self.h, text)
        self.mix_hash(sealed)
        return sealed

    def get(self, sealed):
        text = self.cipher.open(self.h, sealed)
        self.mix_hash(sealed)
        return text

    def write_hello(self, ephemeral, payload):
        self.e = ephemeral
        e_public = public_of(ephemeral)
        self.mix_hash(e_public)
        self.mix_key(e_public)
        self.mix_key(dh(ephemeral, self.server_public))
        static = self.put(public_of(self.secret))
        self.mix_key(dh(self.secret, self.server_public))
        return e_public + static + self.put(payload)

    def read_accept(self, message):
        f_public = message[:32]
        self.mix_hash(f_public)
        self.mix_key(f_public)
        self.mix_key(dh(self.e, f_public))
        self.mix_key(dh(self.secret, f_public))
        self.ck, o2, o3 = hkdf(self.ck, self.psk, 3)
        self.mix_hash(o2)
        self.cipher = Cipher(o3[:32])
        return self.get(message[32:])

    def split(self):
        """What seals from the terminal, and what from the server."""
        return [key[:32] for key in hkdf(self.ck, b"", 2)]


def key_id(server_public):
    return hashlib.blake2b(server_public, digest_size=32).digest()[:4]


def mac1(server_public, record):
    key = hashlib.blake2b(b"elig-mac1" + server_public, digest_size=32).digest()
    return hashlib.blake2b(record[:8] + record[24:], key=key, digest_size=16).digest()


def record_of(kind, body):
    return struct.pack("<BBH", kind, 1, len(body)) + body


def prologue_of(server_public, environment):
    return b"elig/1" + struct.pack("<BBH", HELLO, 1, 140) + key_id(server_public) + struct.pack("<Q", environment)


class Session:
    """Bytes in, bytes out."""

    def __init__(self, settings, server_public):
        prologue = prologue_of(server_public, settings["environment"])
        self.settings, self.server_public = settings, server_public
        self.handshake = Handshake(prologue, settings["secret"], server_public, settings["psk"])

    def hello(self, counter, ephemeral, time_ms, firmware=1):
        payload = struct.pack("<IIQQ", self.settings["terminal"], firmware, counter, time_ms)
        noise = self.handshake.write_hello(ephemeral, payload)
        record = record_of(HELLO, key_id(self.server_public) + bytes(16) + noise)
        return record[:8] + mac1(self.server_public, record) + record[24:]

    def accept(self, body):
        (_, self.generation, session, self.frames_max, in_flight_max, _, self.records_max, idle_s, flags) = \
            struct.unpack("<QQQHHIIHH", self.handshake.read_accept(body))
        if (session == 0 or not 1 <= self.frames_max <= 255 or in_flight_max < self.frames_max or idle_s == 0 or
                not 1 <= self.records_max <= 1 << 20 or flags > 1):
            raise Deviation("the terms make no sense")
        self.send, self.receive = [Cipher(key) for key in self.handshake.split()]
        self.started = time.monotonic()

    def is_due(self):
        return (time.monotonic() - self.started >= 3540 or
                self.send.counter >= self.records_max - self.records_max // 16)

    def seal(self, frames):
        """One record of them, padded."""
        count = len(frames) // FRAME
        padded = min([n for n in (1, 4, 16, 64, 255) if n >= count][0], self.frames_max)
        frames += bytes(FRAME * (padded - count))
        header = struct.pack("<BBH", DATA, 1, 16 + len(frames))
        return header + self.send.seal(header, frames)

    def open(self, header, body):
        """The frames of an answer, without padding."""
        frames = self.receive.open(header, body)
        while frames[-FRAME:] == bytes(FRAME):
            frames = frames[:-FRAME]
        pieces = [frames[i:i + FRAME] for i in range(0, len(frames), FRAME)]
        if not pieces or bytes(FRAME) in pieces:
            raise Deviation("a frame behind padding, or padding alone")
        return pieces


# ---- asking ----

SIZES = {ACCEPT: lambda size: size == 88, BUSY: lambda size: size == 4,
         DATA: lambda size: size >= 16 + FRAME and size % FRAME == 16 and size <= 16 + 255 * FRAME}


def receive_exactly(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionError("closed")
        data += piece
    return data


def receive_record(connection, kinds):
    header = receive_exactly(connection, 4)
    kind, version, size = struct.unpack("<BBH", header)
    if kind not in kinds or version != 1 or not SIZES[kind](size):
        raise Deviation("no record that can come now")
    return kind, header, receive_exactly(connection, size)


def next_counter(path):
    """Stored before it is sent, for good."""
    counter = int(path.read_text()) + 1 if path.exists() else time.time_ns() // 1000000
    beside = path.with_suffix(".new")
    with open(beside, "w") as to:
        to.write(f"{counter}\n")
        to.flush()
        os.fsync(to.fileno())
    os.replace(beside, path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)  # a name that is not synced may be the old file after a loss of power
    os.close(folder)
    return counter


class Terminal:
    def __init__(self, host, port, folder, terminal, environment):
        def key(name):
            return bytes.fromhex((folder / name).read_text().split()[-1])
        self.address, self.folder = (host, port), folder
        self.settings = {"secret": key("terminal"), "psk": key("merchant"), "terminal": terminal,
                         "environment": environment}
        self.server_keys = [key("server.pub")]
        if (folder / "server-next.pub").exists():
            self.server_keys.append(key("server-next.pub"))
        self.connection = None

    def connect(self):
        self.connection = socket.create_connection(self.address, TIMEOUT_S)
        self.session = Session(self.settings, self.server_keys[0])
        self.connection.sendall(self.session.hello(next_counter(self.folder / "counter.millis"),
                                                   secrets.token_bytes(32), time.time_ns() // 1000000))
        try:
            kind, _, body = receive_record(self.connection, (ACCEPT, BUSY))
        except ConnectionError:  # not a word: it may have the other key by now
            self.server_keys.reverse()
            raise
        if kind == BUSY:
            wait_ms = min(max(struct.unpack("<I", body)[0], 100), 30000)
            time.sleep(wait_ms / 1000 * (1 + secrets.randbelow(500) / 1000))
            raise ConnectionError("busy")
        self.session.accept(body)

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def exchange(self, frame):
        if self.connection is None:
            self.connect()
        self.connection.sendall(self.session.seal(frame))
        _, header, body = receive_record(self.connection, (DATA,))
        frames = self.session.open(header, body)
        if len(frames) != 1 or frames[0][:2] != frame[:2] or frames[0][8:16] != frame[8:16]:
            raise Deviation("an answer to something else")
        if DRAINING <= struct.unpack_from("<H", frames[0], 2)[0] <= NOT_READY:
            raise ConnectionError("no answer that stays: ask again")
        return frames[0]

    def ask(self, frame):
        """The answer, over as many sessions as it takes; None: not known."""
        for attempt in range(ATTEMPTS):
            try:
                answer = self.exchange(frame)
                if self.session.is_due():
                    self.close()
                return answer
            except (Deviation, OSError):
                self.close()  # the same frame, under the same id, in the next session
                time.sleep(0.1 * 2 ** attempt)
        return None


def purchase_frame(kind, code, product, price):
    """One for somebody whose personal code was typed: section 3."""
    code = code.strip().replace("-", "").replace(" ", "").encode()
    return struct.pack("<BBBBHBBQ24sIIIIQ", 1, kind, 1, 4, 1, 0, 0, secrets.randbelow(2 ** 64 - 1) + 1, code,
                       product, 0, price, 0, 0)


def ask(kind, host, port, folder, terminal, environment):
    asker = Terminal(host, int(port), pathlib.Path(folder), int(terminal), int(environment))
    names = {310: "APPLIES", 311: "NO_DATA", 312: "DOES_NOT_APPLY", 410: "LIMIT_REACHED", 411: "TOO_SOON",
             412: "BUDGET_SPENT"}
    for line in sys.stdin:
        answer = asker.ask(purchase_frame(kind, line, 1, 15000))
        status = answer and struct.unpack_from("<H", answer, 2)[0]
        if status in names:
            print(f"{names[status]}: {struct.unpack_from('<Q', answer, 40)[0] / 10000:.2f} EUR to pay")
        else:
            print("not known: full price")
    asker.close()
    return 0


# ---- vectors ----

def read_vectors(path):
    lines = [line.split() for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return {name: bytes.fromhex(value) for name, _, value in lines}


def check_noise(v, expect):
    handshake = Handshake(v["prologue"], v["initiator_static_secret"], v["responder_static_public"], v["psk"])
    expect("message_1", handshake.write_hello(v["initiator_ephemeral_secret"], v["payload_1"]))
    expect("payload_2", handshake.read_accept(v["message_2"]))
    expect("handshake_hash", handshake.h)
    send, receive = [Cipher(key) for key in handshake.split()]
    for i in range(3, 7):
        if i % 2 == 1:
            expect(f"message_{i}", send.seal(b"", v[f"payload_{i}"]))
        else:
            expect(f"payload_{i}", receive.open(b"", v[f"message_{i}"]))


def check_records(v, expect):
    terminal, firmware, counter, time_ms = struct.unpack("<IIQQ", v["hello_payload"])
    environment, = struct.unpack("<Q", v["environment"])
    settings = {"secret": v["terminal_secret"], "psk": v["psk"], "terminal": terminal, "environment": environment}
    session = Session(settings, v["server_public"])
    expect("terminal_public", public_of(v["terminal_secret"]))
    expect("key_id", key_id(v["server_public"]))
    expect("prologue", prologue_of(v["server_public"], environment))
    expect("hello", session.hello(counter, v["terminal_ephemeral_secret"], time_ms, firmware))
    session.accept(v["accept"][4:])
    expect("handshake_hash", session.handshake.h)
    expect("terminal_to_server_key", session.handshake.split()[0])
    expect("server_to_terminal_key", session.handshake.split()[1])
    for i in ("1", "2"):
        asked = v["frames_of_terminal_" + i]
        while asked.endswith(bytes(FRAME)):
            asked = asked[:-FRAME]
        expect("data_of_terminal_" + i, session.seal(asked))
        answer = v["data_of_server_" + i]
        frames = b"".join(session.open(answer[:4], answer[4:]))
        expect("frames_of_server_" + i, frames.ljust(len(v["frames_of_server_" + i]), b"\0"))


def vectors(folder):
    passed = failed = 0
    for name, check in (("noise.txt", check_noise), ("records.txt", check_records)):
        values = read_vectors(pathlib.Path(folder) / name)

        def expect(value, found):
            nonlocal passed, failed
            if found == values[value]:
                passed += 1
            else:
                failed += 1
                print(f"{name}: {value} differs")
        try:
            check(values, expect)
        except Deviation as deviation:
            failed += 1
            print(f"{name}: {deviation}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    words = sys.argv[1:]
    if len(words) == 6 and words[0] == "ask":
        sys.exit(ask(CHECK, *words[1:]))
    if len(words) == 7 and words[0] == "ask" and words[6] == "use":
        sys.exit(ask(USE, *words[1:6]))
    if len(words) == 2 and words[0] == "vectors":
        sys.exit(vectors(words[1]))
    sys.exit(__doc__)
