import { keepLines, oneLine } from '../text/escape';

/** Text that a host said: isolated from what stands around it, and escaped. */
export function HostText({ children, lines = false }: { children: string; lines?: boolean }) {
  return <bdi>{lines ? keepLines(children) : oneLine(children)}</bdi>;
}

/** The same in a fixed-width face: names of units and programs, arguments, log lines. */
export function Code({ children }: { children: string }) {
  return (
    <code>
      <HostText>{children}</HostText>
    </code>
  );
}
