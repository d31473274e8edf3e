// A status is a word with a mark of its own shape; the colour only helps.

import type { ReactNode } from 'react';

export type Tone = 'good' | 'bad' | 'doubt' | 'faint' | 'busy';

const MARKS: Record<Tone, string> = { good: '●', bad: '✕', doubt: '▲', faint: '○', busy: '◔' };

export function Status({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`status ${tone}`}>
      <span className="mark" aria-hidden="true">
        {MARKS[tone]}
      </span>
      {children}
    </span>
  );
}
