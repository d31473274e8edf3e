import { useState } from 'react';

import { oneLine } from '../text/escape';
import { useSay } from '../text/language';

/** How long the button says that it worked. */
const SAID_MS = 2000;

/** A command with a button that copies it. What hides in it is shown, and so not copied. */
export function CopyCommand({ command }: { command: string }) {
  const say = useSay();
  const [said, setSaid] = useState<string | null>(null);
  const safe = oneLine(command);
  const copy = () => {
    const tell = (id: string) => {
      setSaid(say(id));
      setTimeout(() => setSaid(null), SAID_MS);
    };
    navigator.clipboard.writeText(safe).then(
      () => tell('web-copied'),
      () => tell('web-copy-failed'),
    );
  };
  return (
    <div className="command">
      <code tabIndex={-1}>{safe}</code>
      <button type="button" onClick={copy} aria-label={`${say('web-copy')}: ${safe}`}>
        {said ?? say('web-copy')}
      </button>
      <span className="hidden" role="status">
        {said}
      </span>
    </div>
  );
}
