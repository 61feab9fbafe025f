// The engine as a process: a world and its requests in, decisions out.
import { execFileSync, spawn } from 'node:child_process';
import { readDecision } from './compare.mjs';

export function appKeysOf(file, prefix, account, count) {
	return execFileSync(file, ['--app-keys', prefix, account, String(count)], { encoding: 'latin1' })
		.trim().split('\n');
}

export class Driver {
	constructor(file) {
		this.process = spawn(file, [], { stdio: ['pipe', 'pipe', 'inherit'] });
		this.queue = []; // {left, lines, resolve, reject}
		this.rest = '';
		this.ended = null;
		this.process.stdout.setEncoding('latin1');
		this.process.stdout.on('data', (chunk) => this.take(chunk));
		this.process.stdin.on('error', () => {});
		this.process.on('exit', (code, signal) => {
			this.ended = new Error(`the driver ended: ${signal ?? `exit ${code}`}`);
			this.queue.splice(0).forEach((one) => one.reject(this.ended));
		});
	}

	take(chunk) {
		const lines = (this.rest + chunk).split('\n');
		this.rest = lines.pop();
		for (const line of lines) {
			const first = this.queue[0];
			first.lines.push(line);
			if (first.lines.length === first.wanted) {
				this.queue.shift();
				first.resolve(first.lines.map(readDecision));
			}
		}
	}

	/** The decisions for the lines, in their order. Calls queue up. */
	decide(world, lines) {
		if (this.ended !== null)
			return Promise.reject(this.ended);
		const answer = new Promise((resolve, reject) => {
			this.queue.push({ wanted: lines.length, lines: [], resolve, reject });
		});
		this.process.stdin.write(`${[JSON.stringify(world), ...lines].join('\n')}\n\n`);
		return answer;
	}

	async close() {
		const ended = new Promise((resolve) => this.process.on('exit', resolve));
		this.process.stdin.end();
		await ended;
	}
}
