// Fills that are told apart without colour.

export const PATTERNS = ['solid', 'diagonal', 'dots', 'cross', 'bars', 'empty'] as const;
export type Pattern = (typeof PATTERNS)[number];

/** Size of the tile of a pattern, in CSS pixels. */
const TILE = 6;

/** The definition of a fill, for `fill="url(#id)"`. Colours come from the class, by CSS. */
export function PatternDefinition({
  id,
  pattern,
  tone,
}: {
  id: string;
  pattern: Pattern;
  tone: string;
}) {
  return (
    <pattern
      id={id}
      width={TILE}
      height={TILE}
      patternUnits="userSpaceOnUse"
      className={`fill ${tone}`}
    >
      <rect width={TILE} height={TILE} className="ground" />
      <Marks pattern={pattern} />
    </pattern>
  );
}

function Marks({ pattern }: { pattern: Pattern }) {
  switch (pattern) {
    case 'solid':
      return <rect width={TILE} height={TILE} className="ink-area" />;
    case 'diagonal':
      return <path d="M-1 7L7 -1M-1 1L1 -1M5 7L7 5" className="ink" />;
    case 'dots':
      return <circle cx={3} cy={3} r={1.4} className="ink-area" />;
    case 'cross':
      return <path d="M0 0L6 6M6 0L0 6" className="ink" />;
    case 'bars':
      return <path d="M1.5 0V6M4.5 0V6" className="ink" />;
    case 'empty':
      return null;
  }
}
