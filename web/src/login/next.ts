/** Where to go after the login: a path of this page and nothing else. */
export function safeNext(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? '/';
  // `//host` and `/\host` are other hosts to a browser.
  return /^\/(?![/\\])/.test(next) && !next.startsWith('/login') ? next : '/';
}

/** The one-time token of `/login#link=TOKEN`. */
export function linkToken(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, '')).get('link');
}
