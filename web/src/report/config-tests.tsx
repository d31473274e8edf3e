import type { ConfigTest } from '../api/types';
import { CopyCommand } from '../parts/copy-command';
import { HostText } from '../parts/host-text';
import { Status, type Tone } from '../parts/status';
import type { Say } from '../text/catalogue';
import { useSay } from '../text/language';
import { exitText } from '../text/stop';

const TONES: Record<ConfigTest['outcome'], Tone> = {
  passed: 'good',
  failed: 'bad',
  inconclusive: 'doubt',
};

/** What the program itself says of its configuration. */
export function ConfigTests({ tests }: { tests: readonly ConfigTest[] }) {
  const say = useSay();
  return tests.map((test) => (
    <section key={test.command}>
      <h3>
        <Status tone={TONES[test.outcome]}>{configTestTitle(test, say)}</Status>
      </h3>
      <CopyCommand command={test.command} />
      {test.output.length > 0 && (
        // Long lines scroll inside, also by the keyboard.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div className="log" role="region" aria-label={test.command} tabIndex={0}>
          {test.output.map((line, index) => (
            <div key={index}>
              <HostText lines>{line}</HostText>
            </div>
          ))}
        </div>
      )}
    </section>
  ));
}

/** As `one` in analysis/src/text/start_failure/config_tests.rs. */
export function configTestTitle({ outcome, status }: ConfigTest, say: Say): string {
  const title = say(`start-config-test-${outcome}`);
  if (outcome === 'passed') return title;
  const how = status == null ? say('start-config-test-cut-off') : exitText(status);
  return title + say('start-attempt-how', { how });
}
