import { useSay } from '../text/language';

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** The arrow down leads from the field into the list. */
  onDown?: () => void;
}

export function SearchField({ label, value, onChange, onDown }: Props) {
  const say = useSay();
  return (
    <input
      type="search"
      aria-label={label}
      placeholder={`${label}  ${say('web-search-key')}`}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && value !== '') {
          event.preventDefault();
          onChange('');
        } else if (event.key === 'ArrowDown' && onDown !== undefined) {
          event.preventDefault();
          onDown();
        }
      }}
    />
  );
}
