// Every request of the page, a line or two each, over the generated client.

import { client, dataOf } from './client';
import type {
  Account,
  AccountList,
  ApiTokenList,
  AuditPage,
  CatalogueList,
  Host,
  HostList,
  Inquiry,
  InquiryPage,
  JoinToken,
  LoginLink,
  Me,
  NewAccount,
  NewApiToken,
  MadeApiToken,
  NewInquiry,
  NewJoinToken,
  RestartReport,
  Role,
  RunList,
  SessionList,
} from './types';

type Signal = AbortSignal | undefined;

/** Most hosts of one answer, which is also the most that the server gives. */
const MOST_HOSTS = 20_000;

export const login = (name: string, password: string) =>
  dataOf<Me>(client.POST('/api/v1/login', { body: { name, password } }));

export const loginByLink = (token: string) =>
  dataOf<Me>(client.POST('/api/v1/login/link', { body: { token } }));

export const logout = () => dataOf<undefined>(client.POST('/api/v1/logout'));

export const me = (signal: Signal) => dataOf<Me>(client.GET('/api/v1/me', { signal }));

export const changePassword = (old: string | null, fresh: string) =>
  dataOf<undefined>(client.POST('/api/v1/me/password', { body: { old, new: fresh } }));

export const sessions = (signal: Signal) =>
  dataOf<SessionList>(client.GET('/api/v1/me/sessions', { signal }));

export const endSession = (id: string) =>
  dataOf<undefined>(client.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id } } }));

export const accounts = (signal: Signal) =>
  dataOf<AccountList>(client.GET('/api/v1/accounts', { signal }));

export const createAccount = (body: NewAccount) =>
  dataOf<LoginLink>(client.POST('/api/v1/accounts', { body }));

export const changeAccount = (name: string, body: { role?: Role; disabled?: boolean }) =>
  dataOf<Account>(client.PATCH('/api/v1/accounts/{name}', { params: { path: { name } }, body }));

export const loginLink = (name: string) =>
  dataOf<LoginLink>(
    client.POST('/api/v1/accounts/{name}/login-link', { params: { path: { name } } }),
  );

export const apiTokens = (signal: Signal) =>
  dataOf<ApiTokenList>(client.GET('/api/v1/api-tokens', { signal }));

export const createApiToken = (body: NewApiToken) =>
  dataOf<MadeApiToken>(client.POST('/api/v1/api-tokens', { body }));

export const deleteApiToken = (name: string) =>
  dataOf<undefined>(client.DELETE('/api/v1/api-tokens/{name}', { params: { path: { name } } }));

export const createJoinToken = (body: NewJoinToken) =>
  dataOf<JoinToken>(client.POST('/api/v1/join-tokens', { body }));

export const hosts = (signal: Signal) =>
  dataOf<HostList>(
    client.GET('/api/v1/hosts', { params: { query: { limit: MOST_HOSTS } }, signal }),
  );

export const host = (name: string, signal: Signal) =>
  dataOf<Host>(client.GET('/api/v1/hosts/{host}', { params: { path: { host: name } }, signal }));

/** Most runs of one answer. */
export const MOST_RUNS = 10_000;

/** What ran on a host at some time of the last seven days, the newest first. */
export const hostRuns = (name: string, signal: Signal) =>
  dataOf<RunList>(
    client.GET('/api/v1/hosts/{host}/runs', {
      params: { path: { host: name }, query: { since: '7d', limit: MOST_RUNS } },
      signal,
    }),
  );

export const runs = (name: string, unit: string, since: string, signal: Signal) =>
  dataOf<RunList>(
    client.GET('/api/v1/hosts/{host}/runs', {
      params: { path: { host: name }, query: { unit, since } },
      signal,
    }),
  );

export const restarts = (name: string, unit: string, period: string, signal: Signal) =>
  dataOf<RestartReport>(
    client.GET('/api/v1/hosts/{host}/restarts', {
      params: { path: { host: name }, query: { unit, period } },
      signal,
    }),
  );

export const analyses = (signal: Signal) =>
  dataOf<CatalogueList>(client.GET('/api/v1/analyses', { signal }));

export const ask = (body: NewInquiry) =>
  dataOf<Inquiry>(client.POST('/api/v1/inquiries', { body }));

export const inquiries = (before: string | undefined, signal: Signal) =>
  dataOf<InquiryPage>(
    client.GET('/api/v1/inquiries', { params: { query: { before, limit: 20 } }, signal }),
  );

export const inquiry = (id: string, signal: Signal) =>
  dataOf<Inquiry>(client.GET('/api/v1/inquiries/{id}', { params: { path: { id } }, signal }));

/** A report as `aiops` prints it, on the reader's clock. */
export const reportText = (
  id: string,
  order_id: string,
  language: string,
  width: number,
  signal: Signal,
) =>
  dataOf<string>(
    client.GET('/api/v1/inquiries/{id}/orders/{order_id}/text', {
      params: {
        path: { id, order_id },
        query: { language, width, utc_offset_min: -new Date().getTimezoneOffset() },
      },
      parseAs: 'text',
      signal,
    }),
  );

export const cancelInquiry = (id: string) =>
  dataOf<undefined>(client.POST('/api/v1/inquiries/{id}/cancel', { params: { path: { id } } }));

export const audit = (after: number, limit: number, signal: Signal) =>
  dataOf<AuditPage>(client.GET('/api/v1/audit', { params: { query: { after, limit } }, signal }));

/** Paths of the streams, for `follow`. */
export const inquiryStream = (id: string): string =>
  `/api/v1/inquiries/${encodeURIComponent(id)}/stream`;

export const eventStream = (query: Record<string, string>): string =>
  `/api/v1/events/stream?${new URLSearchParams(query).toString()}`;
