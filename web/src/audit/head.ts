// The audit is read from its oldest entry on; the page shows the newest first.

/** The number of the last entry, by asking whether there is one behind a number. */
export async function lastEntry(isBehind: (n: number) => Promise<boolean>): Promise<number> {
  let low = 0;
  let high = 1;
  while (await isBehind(high)) {
    low = high;
    high *= 2;
  }
  // There is one behind `low` (or none at all), and none behind `high`.
  if (low === 0 && !(await isBehind(0))) return 0;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await isBehind(middle)) low = middle;
    else high = middle;
  }
  return high;
}
