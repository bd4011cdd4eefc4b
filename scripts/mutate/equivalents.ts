/** A fault of Stryker that changes nothing that a caller can see. */
export interface Equivalent {
  readonly file: string;
  /** The text in whose place the fault stands. Runs of white space are one space, as in `fault`. */
  readonly old: string;
  readonly fault: string;
  /** Why nothing changes. */
  readonly reason: string;
}

/** All of them. One that a test sees nevertheless counts as seen. */
export const equivalents: readonly Equivalent[] = [
  {
    file: 'lib/reconcile/reconcileDays.ts',
    old: 'line !== null',
    fault: 'true',
    reason: 'There is no line only if there are no values, and a night always has one.',
  },
  {
    file: 'lib/wire/keys/KeyCache.ts',
    old: 'this.#keyring === undefined',
    fault: 'false',
    reason: 'A cache without keys was never read with success, so that its last read is older than any time.',
  },
  {
    file: 'lib/wire/keys/Keyring.ts',
    old: 'sources === undefined',
    fault: 'false',
    reason: 'A member that is undefined is read as one that is absent.',
  },
];
