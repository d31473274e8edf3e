// The processes of a host, asked for again and again while somebody looks.

import { useEffect, useState } from 'react';

import * as calls from '../api/calls';
import { ApiProblem, isAbort, unreachable } from '../api/problem';
import { follow } from '../api/stream';
import type { Host, HostOrder, ProcessTree } from '../api/types';
import { outcomeText } from '../diagnose/outcome';
import { ProblemNote } from '../parts/problem-note';
import { Status } from '../parts/status';
import { ProcessTreeView } from '../report/process-tree-view';
import { useText } from '../text/language';
import { clock } from '../text/time';

/** Pause between two questions: each is an order, signed and audited. */
const PAUSE_MS = 10_000;
/** After a host said no or did not answer. */
const PAUSE_AFTER_FAILURE_MS = 30_000;

interface Live {
  tree: ProcessTree | null;
  /** How the last order ended, if not with a report. */
  failed: HostOrder | null;
  problem: ApiProblem | null;
  asking: boolean;
}

export function LiveProcesses({ host }: { host: Host }) {
  const text = useText();
  const { say } = text;
  const live = useLiveTree(host.agent_id);
  return (
    <>
      <p className="live" role="status">
        <Status tone={live.failed === null && live.problem === null ? 'good' : 'doubt'}>
          {live.tree === null
            ? say('web-asking')
            : say('web-processes-at', { time: clock(new Date(live.tree.at)) })}
        </Status>
      </p>
      <ProblemNote problem={live.problem} />
      {live.failed !== null && <p className="note doubt">{outcomeText(live.failed, text)}</p>}
      {live.tree !== null && <ProcessTreeView tree={live.tree} host={host.host_name} />}
    </>
  );
}

function useLiveTree(agent: string): Live {
  const [live, setLive] = useState<Live>({ tree: null, failed: null, problem: null, asking: true });
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = async () => {
      let pause = PAUSE_MS;
      try {
        const order = await askOnce(agent, stop.signal);
        if (stop.signal.aborted) return;
        const tree = treeOf(order);
        setLive((old) => ({
          tree: tree ?? old.tree,
          failed: tree === null ? order : null,
          problem: null,
          asking: false,
        }));
        if (tree === null) pause = PAUSE_AFTER_FAILURE_MS;
      } catch (error) {
        if (stop.signal.aborted || isAbort(error)) return;
        const problem = error instanceof ApiProblem ? error : unreachable(error);
        setLive((old) => ({ ...old, problem, asking: false }));
        pause = PAUSE_AFTER_FAILURE_MS;
      }
      timer = setTimeout(whenVisible, pause);
    };
    const whenVisible = () => {
      if (!document.hidden) void turn();
      else document.addEventListener('visibilitychange', whenVisible, { once: true });
    };
    whenVisible();
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', whenVisible);
    };
  }, [agent]);
  return live;
}

function treeOf(order: HostOrder | null): ProcessTree | null {
  if (order?.state !== 'ended' || order.outcome !== 'answered') return null;
  return order.report.analysis === 'analyze-ptree' ? order.report : null;
}

/** Asks, and waits for the end. */
async function askOnce(agent: string, signal: AbortSignal): Promise<HostOrder | null> {
  const question = { analysis: 'analyze-ptree', recursive: true } as const;
  const inquiry = await calls.ask({ question, hosts: [agent] });
  const orders = [...inquiry.orders];
  const [first] = orders;
  if (first === undefined || first.state === 'ended') return first ?? null;
  const refused: ApiProblem[] = [];
  await follow(
    calls.inquiryStream(inquiry.inquiry_id),
    {
      onMessage: (event, data) => {
        if (event === 'order') orders.push(JSON.parse(data) as HostOrder);
        return event === 'done' ? 'done' : undefined;
      },
      onState: (_, problem) => {
        if (problem !== null) refused.push(problem);
      },
    },
    signal,
  );
  const last = orders.at(-1) ?? null;
  const why = refused.at(-1);
  if (why !== undefined && last?.state !== 'ended') throw why;
  return last;
}
