// What went wrong with a request, in types that a screen can tell apart.
import type { components } from './schema';

export type Problem = components['schemas']['Problem'] & { right?: string; retryAfter?: number };

/** The keeper answered with a problem document. */
export class ApiError extends Error {
  readonly status: number;
  /** Stable: `area.key` of the keeper's texts; empty when the status says it all. */
  readonly code: string;
  /** What is wrong and what to do, in the reader's language. */
  readonly detail: string;
  readonly requestId: string;
  readonly right: string | undefined;
  readonly retryAfter: number | undefined;
  readonly problem: Problem;

  constructor(status: number, problem: Problem, retryAfter?: number) {
    super(problem.detail || problem.title);
    this.name = 'ApiError';
    this.status = status;
    this.code = problem.code ?? '';
    this.detail = problem.detail || problem.title;
    this.requestId = problem.requestId;
    this.right = problem.right;
    this.retryAfter = retryAfter ?? problem.retryAfter;
    this.problem = problem;
  }

  /** Somebody changed it since it was read: show theirs, keep what was typed. */
  get isStale(): boolean {
    return this.status === 412;
  }
}

/** No answer came: the network, or the keeper, is away. Nothing is known of the request's fate. */
export class OfflineError extends Error {
  constructor() {
    super('offline');
    this.name = 'OfflineError';
  }
}

/** The person closed the second factor's dialog; the request was not sent again. */
export class CancelledError extends Error {
  constructor() {
    super('cancelled');
    this.name = 'CancelledError';
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as Problem;
    if (typeof body.title === 'string') return body;
  } catch {
    // Not ours: an intermediary's page.
  }
  return { type: 'about:blank', title: response.statusText || String(response.status), status: response.status, detail: '', requestId: '' };
}
