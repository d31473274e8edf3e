import { useId, type ReactNode } from 'react';

interface Props {
  label: string;
  /** Said below the field. */
  help?: string | undefined;
  /** Draws the input, which has to carry this id. */
  children: (id: string) => ReactNode;
}

/** A labelled input. */
export function Field({ label, help, children }: Props) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {help !== undefined && <p className="help faint small">{help}</p>}
    </div>
  );
}
