import type { Attempt, UnitStatus } from '../api/types';
import { Code, HostText } from '../parts/host-text';
import { MomentAndAgo } from '../parts/moment';
import { useSay } from '../text/language';
import { exitText, unitState } from '../text/stop';

/** What systemd says of the unit, and of the start that failed last. */
export function UnitFacts({ state, attempt }: { state: UnitStatus; attempt: Attempt | null }) {
  const say = useSay();
  return (
    <dl className="facts">
      <div>
        <dt>{say('web-state')}</dt>
        <dd>
          <HostText>
            {`${state.load_state} · ${unitState(state.active_state, state.sub_state)} · ${state.result}`}
          </HostText>
        </dd>
      </div>
      {state.since != null && (
        <div>
          <dt>{say('web-since')}</dt>
          <dd>
            <MomentAndAgo at={state.since} />
          </dd>
        </div>
      )}
      {state.restarts > 0 && (
        <div>
          <dt>{say('web-automatic-restarts')}</dt>
          <dd>{state.restarts}</dd>
        </div>
      )}
      {attempt !== null && <AttemptFacts attempt={attempt} />}
      {state.files.length > 0 && (
        <div>
          <dt>{say('web-unit-files')}</dt>
          <dd>
            {state.files.map((file) => (
              <div key={file}>
                <Code>{file}</Code>
              </div>
            ))}
          </dd>
        </div>
      )}
    </dl>
  );
}

function AttemptFacts({ attempt }: { attempt: Attempt }) {
  const say = useSay();
  const step = [
    attempt.step ?? '',
    attempt.status == null ? attempt.result : exitText(attempt.status),
  ];
  return (
    <>
      {attempt.failed_at != null && (
        <div>
          <dt>{say('web-failed-at')}</dt>
          <dd>
            <MomentAndAgo at={attempt.failed_at} />
          </dd>
        </div>
      )}
      <div>
        <dt>{say('web-failed-step')}</dt>
        <dd>
          <HostText>{step.filter(Boolean).join(': ')}</HostText>
          {attempt.command != null && (
            <div>
              <Code>{attempt.command}</Code>
            </div>
          )}
        </dd>
      </div>
    </>
  );
}
