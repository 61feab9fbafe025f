// Requests to a gate over kept-alive connections to a unix socket. Bytes go out
// as they are (strings of bytes), so nothing is mended on the way.
import net from 'node:net';

class Connection {
	constructor(socketPath) {
		this.path = socketPath;
		this.waiting = null;
		this.rest = '';
		this.socket = null;
	}

	open() {
		this.socket = net.connect(this.path);
		this.socket.setEncoding('latin1');
		this.rest = '';
		const socket = this.socket;
		socket.on('data', (chunk) => {
			this.rest += chunk;
			this.take();
		});
		const ended = (fault) => {
			if (this.socket !== socket)
				return;
			this.socket = null;
			this.fail(fault);
		};
		socket.on('error', ended);
		socket.on('close', () => ended(new Error('the gate closed the connection')));
	}

	fail(fault) {
		const { waiting } = this;
		this.waiting = null;
		waiting?.reject(fault);
	}

	take() {
		const end = this.rest.indexOf('\r\n\r\n');
		if (end < 0)
			return;
		const [first, ...lines] = this.rest.slice(0, end).split('\r\n');
		const headers = {};
		for (const line of lines) {
			const colon = line.indexOf(':');
			headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
		}
		const length = this.waiting.head ? 0 : Number(headers['content-length'] ?? 0);
		if (this.rest.length < end + 4 + length)
			return;
		const body = this.rest.slice(end + 4, end + 4 + length);
		this.rest = this.rest.slice(end + 4 + length);
		const { waiting } = this;
		this.waiting = null;
		if (headers.connection?.toLowerCase() === 'close') {
			this.socket.destroy();
			this.socket = null;
		}
		waiting.resolve({ status: Number(first.split(' ')[1]), headers, body });
	}

	ask(bytes) {
		if (this.socket === null)
			this.open();
		return new Promise((resolve, reject) => {
			this.waiting = { resolve, reject, head: bytes.startsWith('HEAD ') };
			this.socket.write(bytes, 'latin1');
		});
	}

	close() {
		this.socket?.destroy();
		this.socket = null;
	}
}

/** Some connections; each asks one question at a time. */
export class GateClient {
	constructor(socketPath, count) {
		this.connections = Array.from({ length: count }, () => new Connection(socketPath));
	}

	/** The answers to all of the byte strings, in their order. */
	async all(questions) {
		const answers = new Array(questions.length);
		let next = 0;
		await Promise.all(this.connections.map(async (connection) => {
			while (next < questions.length) {
				const i = next++;
				answers[i] = await connection.ask(questions[i]);
			}
		}));
		return answers;
	}

	close() {
		this.connections.forEach((connection) => connection.close());
	}
}
