// What the page remembers of its reader in this browser. Nothing secret.

type Name = 'language' | 'theme';

/** What was chosen before, if it is one of `known`. */
export function remembered<T extends string>(name: Name, known: readonly T[]): T | null {
  try {
    const value = localStorage.getItem(`aiops-${name}`);
    return known.find((one) => one === value) ?? null;
  } catch {
    // Storage is switched off in this browser.
    return null;
  }
}

export function remember(name: Name, value: string): void {
  try {
    localStorage.setItem(`aiops-${name}`, value);
  } catch {
    // The choice lasts until the page is left.
  }
}
