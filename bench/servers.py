"""What scripts/bench starts and stops: llaverod over a prepared folder, nginx, load; and what
they cost, read from /proc."""
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-bench"
LLAVEROD = BUILD / "src/llaverod/llaverod"
LLAVERO = BUILD / "src/cli/llavero"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
START_S = 120


def run(*command):
    """Output of a command that must succeed."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()[-500:]}")
    return done.stdout


def values(text):
    """`name value` lines."""
    return {name: float(value) for name, value in
            (line.split() for line in text.splitlines() if len(line.split()) == 2)}


def wait_for(what, check, seconds=START_S):
    end = time.monotonic() + seconds
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > end:
            raise RuntimeError(f"timed out: {what}")
        time.sleep(0.0005)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children(pid):
    text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def name_of(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")


def cpu_s(pids):
    """utime + stime of whole processes."""
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) * TICK_S
    return total


def memory_kib(pid):
    """What no other process shares, and the page tables, which are nobody else's either."""
    sums = {"Private_Clean": 0, "Private_Dirty": 0, "VmPTE": 0}
    for path in ("smaps_rollup", "status"):
        for line in pathlib.Path(f"/proc/{pid}/{path}").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in sums:
                sums[name] += int(rest.split()[0])
    return sums


class UnixHTTP(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=600)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Llaverod:
    def __init__(self, data):
        self.data = pathlib.Path(data)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="llavero-bench-"))
        self.port = free_port()
        self.gate = self.folder / "gate.sock"
        self.keeper = self.folder / "keeper.sock"
        self.process = None
        self.api = None

    def spawn(self):
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / "llaverod.conf").write_text("")
        environment = dict(os.environ, LLAVERO_DATA_DIR=str(self.data),
                           LLAVERO_GATE_LISTEN=f"127.0.0.1:{self.port}",
                           LLAVERO_GATE_SOCKET=str(self.gate), LLAVERO_KEEPER_LISTEN="",
                           LLAVERO_KEEPER_SOCKET=str(self.keeper))
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([LLAVEROD, "--config", self.folder / "llaverod.conf"],
                                        env=environment, stdin=subprocess.DEVNULL, stdout=log,
                                        stderr=log)
        log.close()

    def __enter__(self):
        self.spawn()
        try:
            wait_for("llaverod", self.ready)
        except BaseException:
            self.stop()
            raise
        self.api = UnixHTTP(self.keeper)
        return self

    def __exit__(self, *_):
        self.stop()

    def ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"llaverod ended: {(self.folder / 'log').read_text()[-2000:]}")
        try:
            for path, url in ((self.gate, "/readyz"), (self.keeper, "/healthz")):
                ask = UnixHTTP(path)
                ask.request("GET", url)
                if ask.getresponse().status != 200:
                    return False
                ask.close()
            return True
        except OSError:
            return False

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, url, body=None, expected=(200, 201)):
        text = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        self.api.request(method, url, text, headers)
        answer = self.api.getresponse()
        content = answer.read()
        if answer.status not in expected:
            raise RuntimeError(f"{method} {url}: {answer.status} {content[:300]!r}")
        return json.loads(content) if content else None

    def gates(self):
        """The gates' processes: those of the children that listen without a keeper's records."""
        return [pid for pid in children(self.process.pid) if not self.holds_records(pid)]

    def holds_records(self, pid):
        for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            try:
                if os.readlink(entry).endswith("records.db"):
                    return True
            except OSError:
                continue
        return False


RETURN = """
    server {{
        listen 127.0.0.1:{port};
        listen unix:{folder}/nginx.sock;
        location / {{ return 200; }}
    }}
"""

# The same two places without and with the module: a file, and a server behind it.
FRONT = """
    upstream behind {{ server 127.0.0.1:{behind}; keepalive 64; }}
    {http}
    server {{
        listen 127.0.0.1:{port};
        server_name file;
        location / {{ root {folder}; try_files /file =404; }}
    }}
    server {{
        listen 127.0.0.1:{port};
        server_name proxy;
        location / {{ proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
"""

NGINX = """
{main}
worker_processes {workers};
error_log {folder}/error.log;
pid {folder}/nginx.pid;
daemon off;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 100000000;
    keepalive_timeout 3600;
    {servers}
}}
"""


class Nginx:
    """servers: the text above for the http block, with values for what stands in its braces."""

    def __init__(self, workers, servers=RETURN, main="", **values):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="llavero-bench-nginx-"))
        self.port = free_port()
        self.socket = self.folder / "nginx.sock"
        self.workers = workers
        self.config = NGINX.format(
            folder=self.folder, workers=workers, main=main,
            servers=servers.format(folder=self.folder, port=self.port, **values))

    def __enter__(self):
        (self.folder / "nginx.conf").write_text(self.config)
        (self.folder / "file").write_text("upstream\n")
        self.process = subprocess.Popen(
            ["nginx", "-p", self.folder, "-c", self.folder / "nginx.conf", "-e",
             self.folder / "error.log"], stdin=subprocess.DEVNULL)
        wait_for("nginx", lambda: (self.folder / "nginx.pid").exists()
                 and len(children(self.process.pid)) == self.workers, 20)
        return self

    def pids(self):
        return children(self.process.pid)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


def load(where, requests, connections, count, rate=0):
    return json.loads(run(BUILD / "bench/bench_load", where, requests, connections, count, rate))
