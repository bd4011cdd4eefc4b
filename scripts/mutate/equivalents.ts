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
export const equivalents: readonly Equivalent[] = [];
