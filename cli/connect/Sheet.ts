/** One field of a product's form, by the name that it has there. */
export interface Field {
  readonly label: string;
  /** What goes in; empty to leave the field empty. Of a secret the name of where it is, never itself. */
  readonly value: string;
  /** Set when `value` is the member of a secret in Secrets Manager, whose ARN is `secret`. */
  readonly secret?: string;
  readonly note?: string;
}

/** SQL to be pasted, in Athena's dialect. */
export interface PasteReady {
  readonly name: string;
  /** What it answers, or what it is for. */
  readonly about: string;
  readonly sql: string;
}

/** One thing to do. */
export interface Step {
  /** What to do and where to click. */
  readonly title: string;
  readonly notes?: readonly string[];
  readonly fields?: readonly Field[];
  /** For a POSIX shell. */
  readonly commands?: readonly string[];
  readonly queries?: readonly PasteReady[];
}

/** All that connecting a product takes, in the order in which it is done. */
export interface Sheet {
  readonly product: 'statsig' | 'owox' | 'metabase';
  /** Name of the reader in `readers`. */
  readonly reader: string;
  readonly steps: readonly Step[];
}
