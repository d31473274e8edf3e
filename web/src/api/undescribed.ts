// What the API has and its document does not describe yet.

import type { Certainty, ExitStatus, OfflineReason, ProcessId, StopCause } from './types';

export interface UnitOverview {
  unit: string;
  state: 'running' | 'down';
  since?: string | null;
  last_cause?: StopCause | null;
  last_certainty?: Certainty | null;
  last_stop_at?: string | null;
  stops_24h: number;
  failures_24h: number;
}
export type Analysis = 'analyze-ptree' | 'diagnose-start-failure';
export type Question =
  | { analysis: 'analyze-ptree'; pid?: number | null; recursive?: boolean }
  | { analysis: 'diagnose-start-failure'; unit: string };
export type Tier = 'D0' | 'D1' | 'D2';
export interface CatalogueEntry {
  analysis: Analysis;
  tier: Tier;
  time_limit_ms: number;
  parameters: unknown;
}
export type Step =
  'reading-processes' | 'reading-unit' | 'reading-journal' | 'reading-sockets' | 'concluding';
export interface Progress {
  step: Step;
  done: number;
  of: number;
}
export type Report =
  | ({ analysis: 'analyze-ptree' } & ProcessTree)
  | ({ analysis: 'diagnose-start-failure' } & StartFailure);
export type Outcome =
  | { outcome: 'answered'; report: Report }
  | { outcome: 'refused'; by: 'server' | 'host'; reason: string; detail: string }
  | { outcome: 'failed'; reason: string; detail: string }
  | { outcome: 'lost' }
  | { outcome: 'cancelled' }
  | { outcome: 'expired' }
  | { outcome: 'offline'; since?: string | null; why?: OfflineReason | null };
export type OrderState =
  | { state: 'queued'; until: string }
  | { state: 'sent' }
  | { state: 'running'; since: string; progress?: Progress | null }
  | ({ state: 'ended'; at: string } & Outcome);
export type HostOrder = OrderState & { order_id: string; agent_id: string; host_name: string };
export interface NewInquiry {
  question: Question;
  hosts?: string[];
  labels?: Record<string, string>;
  wait_s?: number | null;
  time_limit_ms?: number | null;
}
export interface Inquiry {
  inquiry_id: string;
  question: Question;
  requested_by: string;
  requested_at: string;
  orders: HostOrder[];
}
export interface InquirySummary {
  inquiry_id: string;
  question: Question;
  requested_by: string;
  requested_at: string;
  hosts: number;
  answered: number;
  ended: number;
}
export interface Limitation {
  what: string;
  why: string;
  count: number;
}
export type Oddity =
  | { oddity: 'zombie' }
  | { oddity: 'orphan' }
  | { oddity: 'outside-unit'; parent_unit: string }
  | { oddity: 'deleted-program'; path: string }
  | { oddity: 'uninterruptible' };
export interface SubtreeSums {
  processes: number;
  rss_bytes: number;
  cpu_ms: number;
  cpu_percent: number;
}
export interface TreeProcess {
  process: ProcessId;
  parent_pid: number;
  depth: number;
  comm: string;
  argv: string[];
  state: string;
  uid?: number | null;
  user?: string | null;
  unit?: string | null;
  container?: string | null;
  threads: number;
  rss_bytes: number;
  cpu_ms: number;
  cpu_percent: number;
  started_at: string;
  subtree: SubtreeSums;
  oddities: Oddity[];
}
export interface TreeTotals {
  processes: number;
  kernel_threads: number;
  running: number;
  uninterruptible: number;
  stopped: number;
  zombies: number;
  orphans: number;
  rss_bytes: number;
}
export interface ProcessTree {
  at: string;
  processes: TreeProcess[];
  omitted: number;
  totals: TreeTotals;
  limits: Limitation[];
}
export interface Holder {
  protocol: string;
  address: string;
  port: number;
  process?: ProcessId | null;
  comm?: string | null;
  argv: string[];
  user?: string | null;
  unit?: string | null;
  container?: string | null;
  since?: string | null;
}
export type Culprit =
  ({ is: 'process' } & Holder) | { is: 'unit'; unit: string } | { is: 'path'; path: string };
export interface LogLine {
  at: string;
  source: string;
  pid?: number | null;
  priority?: number | null;
  message: string;
}
export type StartEvidence =
  | { from: 'log'; line: LogLine }
  | { from: 'unit'; property: string; value: string }
  | { from: 'status'; status: ExitStatus }
  | { from: 'socket'; holder: Holder }
  | { from: 'dependency'; unit: string; active_state: string }
  | { from: 'file'; path: string; state: string };
export type FixKind =
  | { kind: 'stop-holder'; unit: string }
  | { kind: 'end-process'; pid: number }
  | { kind: 'change-port'; port: number }
  | { kind: 'start-dependency'; unit: string }
  | { kind: 'unmask' }
  | { kind: 'install-package'; path: string }
  | { kind: 'make-executable'; path: string }
  | { kind: 'repair-unit-file'; path: string }
  | { kind: 'stop-container'; port: number }
  | { kind: 'ask-about'; unit: string }
  | { kind: 'meet-condition'; condition: string }
  | { kind: 'raise-start-timeout'; seconds: number }
  | { kind: 'read-core-dump'; pid?: number | null }
  | { kind: 'raise-memory-limit' }
  | { kind: 'reset-and-start' }
  | { kind: 'read-log' };
export interface Fix {
  what: FixKind;
  commands: string[];
  risky: boolean;
}
export interface Verdict {
  cause: StartCause;
  certainty: Certainty;
  culprit?: Culprit | null;
  evidence: StartEvidence[];
  fixes: Fix[];
}
export type Finding = Verdict;
export type StartCause =
  | 'healthy'
  | 'unit-not-found'
  | 'unit-masked'
  | 'unit-file-invalid'
  | 'condition-not-met'
  | 'exec-not-found'
  | 'exec-not-executable'
  | 'port-in-use'
  | 'dependency-failed'
  | 'start-timeout'
  | 'start-limit-hit'
  | 'crash-at-start'
  | 'starting'
  | 'out-of-memory'
  | 'application-error'
  | 'unknown';
export interface UnitStatus {
  load_state: string;
  active_state: string;
  sub_state: string;
  result: string;
  description: string;
  files: string[];
  main_process?: ProcessId | null;
  since?: string | null;
  restarts: number;
}
export interface Attempt {
  invocation_id?: string | null;
  began_at?: string | null;
  failed_at?: string | null;
  result: string;
  step?: string | null;
  command?: string | null;
  status?: ExitStatus | null;
  log: LogLine[];
  log_omitted: number;
}
export interface DependencyState {
  unit: string;
  relation: string;
  load_state: string;
  active_state: string;
  result?: string | null;
  needed_by?: string | null;
}
export interface StartFailure {
  at: string;
  unit: string;
  asked_as?: string | null;
  state?: UnitStatus | null;
  attempt?: Attempt | null;
  verdict: Verdict;
  findings: Finding[];
  dependencies: DependencyState[];
  limits: Limitation[];
}
export interface AuditEntry {
  n: number;
  at: string;
  actor: string;
  action: string;
  target: string;
  detail: unknown;
  previous: string;
  hash: string;
}
export interface UnitList {
  units: UnitOverview[];
}
export interface CatalogueList {
  analyses: CatalogueEntry[];
}
export interface InquiryPage {
  inquiries: InquirySummary[];
  next?: string | null;
}
export interface AuditPage {
  entries: AuditEntry[];
  next?: number | null;
}
