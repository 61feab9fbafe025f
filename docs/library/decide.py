"""Decide one request with libllavero, in Python, through ctypes.

    printf 'X-App-Key: ...\\nX-App-Token: ...\\n' | python3 decide.py /var/lib/llavero GET /orders/7

LIBLLAVERO names the library when it is not where the loader looks. Exit code: 0 allowed, 1 refused,
3 could not ask.
"""
import ctypes
import os
import sys
from ctypes import (CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int, c_int64, c_size_t, c_uint,
                    c_uint32, c_uint64, c_void_p, sizeof)


class Span(Structure):
    _fields_ = [("ptr", c_void_p), ("len", c_size_t)]

    @classmethod
    def of(cls, data):
        """The bytes must live as long as the span: the caller keeps them."""
        return cls(ctypes.cast(ctypes.c_char_p(data), c_void_p), len(data))

    def text(self):
        return ctypes.string_at(self.ptr, self.len).decode("utf-8", "replace") if self.ptr else ""


class Header(Structure):
    _fields_ = [("name", Span), ("value", Span)]


class Setup(Structure):
    _fields_ = [("size", c_size_t), ("index_dir", c_char_p), ("ledger_dir", c_char_p), ("sealing_key", c_char_p),
                ("lease_us", c_int64), ("serve_stale", c_int), ("app_key_prefix", c_char_p),
                ("public_url", c_char_p), ("console_url", c_char_p), ("realm", c_char_p),
                ("families", c_void_p), ("families_count", c_size_t), ("no_bearer", c_int),
                ("language", c_char_p), ("node", c_char_p), ("by", c_int),
                ("told", CFUNCTYPE(None, c_void_p, c_int, c_int)), ("context", c_void_p)]


class Request(Structure):
    _fields_ = [("size", c_size_t), ("method", Span), ("target", Span), ("host", Span),
                ("client_address", Span), ("client_bytes", c_void_p), ("client_bytes_len", c_size_t),
                ("headers", POINTER(Header)), ("headers_count", c_size_t),
                ("find", c_void_p), ("find_context", c_void_p), ("account_source", c_int), ("account", Span),
                ("request_id", Span), ("now_us", c_int64), ("min_revision", c_uint64), ("flags", c_uint)]


class Decision(Structure):
    _fields_ = [("size", c_size_t), ("allowed", c_int), ("http_status", c_int), ("cause", c_char_p),
                ("owner_cause", c_char_p), ("flags", c_uint), ("form", c_int),
                ("account", Span), ("key", Span), ("external_id", Span), ("profile", Span),
                ("resource_product", Span), ("resource_key", Span), ("service", c_uint64), ("route", c_uint64),
                ("epoch", c_uint64), ("revision", c_uint64), ("retry_after_s", c_uint32), ("request_id", Span),
                ("headers", POINTER(Header)), ("headers_count", c_size_t), ("content_type", Span), ("body", Span),
                ("diagnosis", Span)]


def library():
    found = ctypes.CDLL(os.environ.get("LIBLLAVERO", "libllavero.so.0"))
    found.llv_open.argtypes = [POINTER(Setup), POINTER(c_void_p)]
    found.llv_close.argtypes = [POINTER(c_void_p)]
    found.llv_close.restype = None
    found.llv_decide.argtypes = [c_void_p, POINTER(Request), POINTER(Decision)]
    found.llv_status_name.restype = c_char_p
    return found


class Llavero:
    """One handle, for one thread."""

    def __init__(self, data):
        self.library, self.handle = library(), c_void_p()
        place = {name: os.path.join(data, where).encode() for name, where in
                 [("index_dir", "index"), ("ledger_dir", "ledger"), ("sealing_key", "gate/sealing.key")]}
        status = self.library.llv_open(byref(Setup(size=sizeof(Setup), **place)), byref(self.handle))
        if status != 0:
            raise OSError(self.library.llv_status_name(status).decode())

    def decide(self, method, target, headers):
        """What the decision points to holds until the next one."""
        rows = (Header * len(headers))(*(Header(Span.of(name), Span.of(value)) for name, value in headers))
        request = Request(size=sizeof(Request), method=Span.of(method), target=Span.of(target), headers=rows,
                          headers_count=len(headers))
        decision = Decision(size=sizeof(Decision))
        self.library.llv_decide(self.handle, byref(request), byref(decision))
        return decision

    def close(self):
        self.library.llv_close(byref(self.handle))


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    data, method, target = sys.argv[1:]
    lines = [line.split(b": ", 1) for line in sys.stdin.buffer.read().splitlines()]
    try:
        llavero = Llavero(data)
    except OSError as fault:
        print(f"decide: {fault}", file=sys.stderr)
        return 3
    decision = llavero.decide(method.encode(), target.encode(), [line for line in lines if len(line) == 2])
    print(decision.http_status, decision.cause.decode())
    if decision.allowed:
        print(f"{decision.key.text()} as {decision.account.text()}, by {decision.profile.text()}")
    for header in decision.headers[:decision.headers_count]:
        print(f"{header.name.text()}: {header.value.text()}")
    if not decision.allowed:
        print(f"\n{decision.body.text()}")
    code = 0 if decision.allowed else 1
    llavero.close()
    return code


if __name__ == "__main__":
    sys.exit(main())
