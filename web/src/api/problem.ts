// The one error path: whatever goes wrong with a request becomes an `ApiProblem`.

import type { Problem } from './types';

/** Why a request was refused or failed, as the server says it (RFC 9457). */
export class ApiProblem extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
  }

  /** The stable name: `host-not-found`. */
  get kind(): string {
    return this.problem.type;
  }

  get status(): number {
    return this.problem.status;
  }
}

/** The server was not reached: the network, or nobody listens. */
export const UNREACHABLE = 'unreachable';

export function unreachable(error: unknown): ApiProblem {
  const detail = error instanceof Error ? error.message : String(error);
  return new ApiProblem({ type: UNREACHABLE, title: detail, status: 0 });
}

/** Reads an answer that is no success. A proxy in between may answer with anything. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const title = `${response.status} ${response.statusText}`.trim();
  const fallback: Problem = { type: `http-${response.status}`, title, status: response.status };
  if (!(response.headers.get('content-type') ?? '').includes('json')) {
    return new ApiProblem(fallback);
  }
  try {
    const body: unknown = await response.json();
    return new ApiProblem({ ...fallback, ...(body as Partial<Problem>) });
  } catch {
    return new ApiProblem(fallback);
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
