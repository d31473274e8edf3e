// Which request gets which answer.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type {
  AuditEntry,
  Host,
  HostOrder,
  Inquiry,
  Me,
  NewInquiry,
  Problem,
  Question,
  Report,
  Summary,
} from '../src/api/types';
import { storedEvent } from './events';
import { iso, makeFleet, runsOf, UNITS } from './fleet';
import { processTree, startFailure } from './reports';
import { restartReport } from './restarts';

/** How long the hosts of an inquiry take. */
const STEP_MS = 400;
const SESSION = '__Host-aiops_session';

class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}

const refused = (status: number, type: string, title: string, hint?: string) =>
  new Refused({ status, type, title, ...(hint === undefined ? {} : { hint }) });

interface Asked {
  method: string;
  path: string[];
  query: URLSearchParams;
  body: Record<string, unknown>;
  me: Me | null;
}

export class Mock {
  private readonly hosts: Host[];
  private readonly inquiries = new Map<string, Inquiry>();

  constructor(count: number) {
    this.hosts = makeFleet(count, Date.now());
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://mock');
    const asked: Asked = {
      method: request.method ?? 'GET',
      path: url.pathname.replace('/api/v1/', '').split('/').map(decodeURIComponent),
      query: url.searchParams,
      body: await bodyOf(request),
      me: meOf(request),
    };
    try {
      if (asked.path.at(-1) === 'stream') return this.stream(asked, request, response);
      const answer = this.route(asked, response);
      response.statusCode = answer === undefined ? 204 : 200;
      response.setHeader('content-type', 'application/json');
      response.end(answer === undefined ? '' : JSON.stringify(answer));
    } catch (error) {
      const problem =
        error instanceof Refused
          ? error.problem
          : { status: 500, type: 'internal', title: String(error) };
      response.statusCode = problem.status;
      response.setHeader('content-type', 'application/problem+json');
      response.end(JSON.stringify(problem));
    }
  }

  private route(asked: Asked, response: ServerResponse): unknown {
    const { method, path, body, query } = asked;
    const [first, second = '', third] = path;
    if (first === 'login') return login(body, second === 'link', response);
    if (asked.me === null) throw refused(401, 'unauthorized', 'this needs a login');
    const now = Date.now();
    switch (first) {
      case 'logout':
        response.setHeader('set-cookie', `${SESSION}=; Path=/; Max-Age=0; Secure`);
        return undefined;
      case 'me':
        if (second === 'sessions' && method === 'GET') return { sessions: [session(now)] };
        return second === '' ? asked.me : undefined;
      case 'hosts': {
        if (second === '') return this.hostPage(query);
        const host = this.find(second);
        if (third === undefined) return host;
        const unit = query.get('unit') ?? 'nginx.service';
        if (third === 'runs') {
          const units = query.has('unit') ? [unit] : UNITS;
          return { runs: units.flatMap((one) => runsOf(one, now)) };
        }
        const period = query.get('period') ?? '7d';
        return restartReport(unit, runsOf(unit, now), period, now);
      }
      case 'analyses':
        return { analyses: ANALYSES };
      case 'inquiries':
        if (method === 'POST' && second === '')
          return this.ask(body as unknown as NewInquiry, asked.me);
        if (method === 'POST') return undefined;
        return second === '' ? this.summaries() : this.inquiry(second);
      case 'audit':
        return auditPage(Number(query.get('after') ?? 0), Number(query.get('limit') ?? 100), now);
      case 'accounts':
        return accounts(method, second, now);
      case 'api-tokens':
        if (method === 'POST')
          return { secret: 'aiops_api_made_up_for_the_mock', name: body['name'] };
        if (method === 'DELETE') return undefined;
        return { tokens: [{ name: 'ci', role: 'viewer', expires_at: iso(now + 1e9) }] };
      case 'join-tokens':
        return {
          token: 'aiops_join_mock',
          expires_at: iso(now + 3_600_000),
          ca_pin: 'sha256:00',
          command: 'aiops-agent join --server mock:8443 --token aiops_join_mock',
        };
      default:
        throw refused(404, 'not-found', 'there is no such resource');
    }
  }

  private hostPage(query: URLSearchParams) {
    return { hosts: this.hosts.slice(0, Number(query.get('limit') ?? 1000)) };
  }

  private find(name: string): Host {
    const host = this.hosts.find((one) => one.host_name === name || one.agent_id === name);
    if (host !== undefined) return host;
    throw refused(404, 'host-not-found', `there is no host "${name}"`, 'did you mean h1?');
  }

  private ask(asked: NewInquiry, me: Me): Inquiry {
    if (me.role === 'viewer') throw refused(403, 'not-allowed', 'this needs the role operator');
    const labels = Object.entries(asked.labels ?? {});
    const isMeant = (host: Host) =>
      (asked.hosts ?? []).some((one) => one === host.host_name || one === host.agent_id) ||
      (labels.length > 0 && labels.every(([key, value]) => host.labels[key] === value));
    const orders = this.hosts.filter(isMeant).slice(0, 200).map(newOrder);
    const inquiry: Inquiry = {
      inquiry_id: randomUUID(),
      command: commandOf(asked.question),
      question: asked.question,
      requested_by: `user:${me.name}`,
      requested_at: iso(Date.now()),
      orders,
    };
    this.inquiries.set(inquiry.inquiry_id, inquiry);
    return inquiry;
  }

  private inquiry(id: string): Inquiry {
    const inquiry = this.inquiries.get(id);
    if (inquiry === undefined) throw refused(404, 'not-found', 'there is no such inquiry');
    return inquiry;
  }

  private summaries() {
    const inquiries = [...this.inquiries.values()].reverse().map((one) => ({
      ...one,
      orders: undefined,
      hosts: one.orders.length,
      answered: one.orders.filter((o) => o.state === 'ended' && o.outcome === 'answered').length,
      ended: one.orders.filter((o) => o.state === 'ended').length,
    }));
    return { inquiries: inquiries.slice(0, 20), next: null };
  }

  private stream(asked: Asked, request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const send = (event: string | null, id: number, data: unknown) => {
      response.write(`${event === null ? '' : `event: ${event}\n`}id: ${id}\n`);
      response.write(`data: ${JSON.stringify(data)}\n\n`);
    };
    const [first, second = ''] = asked.path;
    if (first === 'inquiries') {
      void this.work(this.inquiry(second), (order, id) => send('order', id, order)).then(() => {
        send('done', 0, {});
        response.end();
      });
      return;
    }
    const kinds = asked.query.get('kind')?.split(',') ?? null;
    let n = Number(request.headers['last-event-id'] ?? 0);
    const start = Date.now();
    const say = (at: number) => {
      const event = storedEvent((n += 1), at, kinds);
      if (event !== null) send(null, n, event);
    };
    for (let back = 60; back > 0; back -= 1) say(start - back * 47_000);
    const timer = setInterval(() => say(Date.now()), 1500);
    request.on('close', () => clearInterval(timer));
  }

  /** Lets each host go through the states of an order. */
  private async work(
    inquiry: Inquiry,
    tell: (order: HostOrder, id: number) => void,
  ): Promise<void> {
    const { question } = inquiry;
    let id = 0;
    for (const step of ['reading-processes', 'reading-journal', 'concluding'] as const) {
      for (const [at, order] of inquiry.orders.entries()) {
        if (order.state === 'ended') continue;
        const { order_id, agent_id, host_name } = order;
        const next: HostOrder = {
          order_id,
          agent_id,
          host_name,
          state: 'running',
          since: iso(Date.now()),
          progress: { step, done: 1, of: 3 },
        };
        inquiry.orders[at] = next;
        tell(next, (id += 1));
      }
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
    for (const [at, order] of inquiry.orders.entries()) {
      if (order.state === 'ended') continue;
      const now = Date.now();
      const report = reportOf(question, now, at % 3 === 1);
      const { order_id, agent_id, host_name } = order;
      const base = { order_id, agent_id, host_name, state: 'ended', at: iso(now) } as const;
      const ended: HostOrder =
        report === null
          ? { ...base, outcome: 'failed', reason: 'not-possible', detail: 'not in the mock' }
          : { ...base, outcome: 'answered', summary: summaryOf(report), report };
      inquiry.orders[at] = ended;
      tell(ended, (id += 1));
    }
  }
}

function commandOf(question: Question): string {
  return question.analysis === 'diagnose-start-failure'
    ? `diagnose start-failure ${question.unit}`
    : question.analysis.replace('-', ' ');
}

function reportOf(question: Question, now: number, isFine: boolean): Report | null {
  switch (question.analysis) {
    case 'analyze-ptree':
      return { analysis: question.analysis, ...processTree(now) };
    case 'diagnose-start-failure':
      return {
        analysis: question.analysis,
        ...startFailure(unitName(question.unit), now, isFine),
      };
    default:
      return null;
  }
}

function summaryOf(report: Report): Summary {
  const verdict =
    report.analysis === 'diagnose-start-failure' ? report.verdict.cause : report.analysis;
  const isFine = verdict === 'healthy';
  return { health: isFine ? 'fine' : 'problem', headline: { en: verdict } };
}

function unitName(asked: string): string {
  return asked.includes('.') ? asked : `${asked}.service`;
}

function newOrder(host: Host): HostOrder {
  const base = { order_id: randomUUID(), agent_id: host.agent_id, host_name: host.host_name };
  if (host.state === 'online') return { ...base, state: 'sent' };
  const since = host.state === 'offline' ? host.since : null;
  const why = host.state === 'offline' ? host.reason : null;
  return { ...base, state: 'ended', at: iso(Date.now()), outcome: 'offline', since, why };
}

function login(body: Record<string, unknown>, link: boolean, response: ServerResponse): Me {
  const right = link ? body['token'] === 'mock' : body['password'] === 'mock';
  if (!right) throw refused(401, 'wrong-login', 'the name or the password is wrong');
  const name = typeof body['name'] === 'string' ? body['name'] : 'admin';
  response.setHeader('set-cookie', `${SESSION}=${name}; Path=/; HttpOnly; Secure; SameSite=Lax`);
  return account(name);
}

function account(name: string): Me {
  const role = name === 'viewer' || name === 'operator' ? name : 'admin';
  return { name, role, via: 'session', expires_at: iso(Date.now() + 4e7) };
}

function meOf(request: IncomingMessage): Me | null {
  const cookie = new RegExp(`${SESSION}=([^;]+)`).exec(request.headers.cookie ?? '');
  return cookie?.[1] === undefined ? null : account(cookie[1]);
}

function session(now: number) {
  return {
    id: 'one',
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140',
    created_at: iso(now - 1e6),
    last_seen_at: iso(now - 1e4),
    expires_at: iso(now + 4e7),
    current: true,
  };
}

function accounts(method: string, name: string, now: number): unknown {
  const made = (one: string, disabled: boolean) => ({
    name: one,
    role: account(one).role,
    disabled_at: disabled ? iso(now - 1e8) : null,
    has_password: !disabled,
    created_at: iso(now - 1e9),
  });
  if (method === 'GET') {
    return { accounts: [made('admin', false), made('operator', false), made('viewer', true)] };
  }
  const link = { account: made(name, false), path: '/login#link=mock', expires_at: iso(now + 1e6) };
  return method === 'POST' ? link : made(name, false);
}

const LAST_ENTRY = 1234;

function auditPage(after: number, limit: number, now: number) {
  const count = Math.max(0, Math.min(limit, LAST_ENTRY - after));
  const entries = Array.from({ length: count }, (_, at): AuditEntry => {
    const n = after + at + 1;
    return {
      n,
      at: iso(now - (LAST_ENTRY - n) * 61_000),
      actor: n % 3 === 0 ? 'host:h1' : 'user:ana',
      action: ['login', 'inquiry-created', 'order-refused'][n % 3] ?? 'login',
      target: n % 3 === 0 ? '' : 'h1',
      detail: n % 3 === 1 ? { question: 'diagnose start-failure nginx' } : {},
      previous: (n - 1).toString(16).padStart(64, '0'),
      hash: n.toString(16).padStart(64, '0'),
    };
  });
  return { entries, next: count < limit ? null : after + count };
}

const ANALYSES = [
  {
    analysis: 'analyze-ptree',
    tier: 'D0',
    time_limit_ms: 15_000,
    parameters: {
      type: 'object',
      properties: { pid: { type: ['integer', 'null'] }, recursive: { type: 'boolean' } },
    },
  },
  {
    analysis: 'diagnose-start-failure',
    tier: 'D0',
    time_limit_ms: 30_000,
    parameters: { type: 'object', properties: { unit: { type: 'string' } }, required: ['unit'] },
  },
];

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
