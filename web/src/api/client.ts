// The client that is generated from `openapi.json`, with the page's one error path.

import createClient, { type Middleware } from 'openapi-fetch';

import { isAbort, problemOf, unreachable } from './problem';
import type { paths } from './schema';

type Listener = () => void;
let onUnauthorized: Listener = () => undefined;

/** Tells who is to know that the session is over. */
export function whenUnauthorized(listener: Listener): void {
  onUnauthorized = listener;
}

/** Asks the server. Throws `ApiProblem`, or `AbortError` if it was told to stop. */
export async function checkedFetch(
  request: Request | string,
  init?: RequestInit,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(request, init);
  } catch (error) {
    throw isAbort(error) ? error : unreachable(error);
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  // A wrong password is a 401 too, and belongs to the form.
  if (response.status === 401 && problem.kind !== 'wrong-login') onUnauthorized();
  throw problem;
}

const noCache: Middleware = {
  onRequest({ request }) {
    return new Request(request, { cache: 'no-store', credentials: 'same-origin' });
  },
};

export const client = createClient<paths>({
  baseUrl: '/',
  fetch: (request) => checkedFetch(request),
});
client.use(noCache);

/** The data of an answer; that it is a success, `checkedFetch` has seen to. */
export async function dataOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  return data as T;
}
