import type { StreamState } from '../api/stream';
import { useSay } from '../text/language';
import { Status, type Tone } from './status';
import type { Stream } from './use-stream';

const TONES: Record<StreamState, Tone> = { connecting: 'busy', open: 'good', broken: 'bad' };

/** Whether what is shown is live. */
export function StreamStatus({ stream }: { stream: Stream }) {
  const say = useSay();
  return (
    <p className="live" role="status">
      <Status tone={TONES[stream.state]}>{say(`web-stream-${stream.state}`)}</Status>
    </p>
  );
}
