// A line between browser and keeper that can be cut: also between a request and its answer, which throttling cannot.
import net from 'node:net';

export class Wire {
  static async start(port) {
    const wire = new Wire();
    wire.pairs = new Set();
    wire.isHeld = false;
    wire.server = net.createServer((near) => {
      const far = net.connect(port, '127.0.0.1');
      const pair = { near, far };
      wire.pairs.add(pair);
      const end = () => {
        near.destroy();
        far.destroy();
        wire.pairs.delete(pair);
      };
      near.on('data', (bytes) => far.write(bytes));
      far.on('data', (bytes) => wire.isHeld || near.write(bytes));
      for (const side of [near, far]) side.on('error', end).on('close', end);
    });
    await wire.#listen(0);
    wire.port = wire.server.address().port;
    wire.url = `http://127.0.0.1:${wire.port}`;
    return wire;
  }

  #listen(port) { return new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve)); }

  // Requests pass, answers do not.
  hold() { this.isHeld = true; }

  async cut() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const { near, far } of this.pairs) {
      near.destroy();
      far.destroy();
    }
    await closed;
  }

  async mend() {
    this.isHeld = false;
    await this.#listen(this.port);
  }

  async stop() {
    if (this.server.listening) await this.cut();
  }
}
