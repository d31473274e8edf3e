// Sizes of memory, worded as analysis/src/text/size.rs words them.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `4.2 GiB`, `512 MiB`, `17 B`: three digits at most before the point, one behind it below 10. */
export function bytes(size: number): string {
  let value = size;
  let unit = 0;
  while (value >= 1023.5 && unit + 1 < UNITS.length) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}
