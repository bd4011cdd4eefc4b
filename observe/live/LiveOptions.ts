/** The longest wait of one read, milliseconds: browsers and proxies end a call without an answer after 30 s or more. */
export const MOST_WAIT_MS = 25_000;

/**
 * Which entries are shown: those that fit all members. A `*` at the end of a text stands for any rest, except of `user`.
 * Requests have no users and no names, so `user` and `event` leave only rows.
 */
export interface LiveFilter {
  /** ID of the user, or another unit ID. */
  readonly user?: string | undefined;
  /** Name of the event, or of the experiment, gate or config. */
  readonly event?: string | undefined;
  /** Name of the SDK, as `javascript-client`; `unknown` of a sender that names none. */
  readonly sdk?: string | undefined;
  /** Whether to read only what was refused, failed, overflowed or went to quarantine. */
  readonly errors?: boolean | undefined;
}

/** Which entries are read, and how long is waited for them. */
export interface LiveOptions {
  /** `next` of an earlier answer. Default: what comes from now on, and `last`. */
  readonly after?: string | undefined;
  /**
   * Without `after`, the number of the last matching entries to read, too. For a deployment, a number above 0 reads
   * what came in the last minute. Default 0.
   */
  readonly last?: number | undefined;
  /** Milliseconds to wait for the first entry that matches. Default 0, at most {@link MOST_WAIT_MS}. */
  readonly waitMs?: number | undefined;
  /**
   * How many lines and rows are read at once, matching or not. It does not count where the last matching ones are looked for. Default 500
   * lines of a deployment's log, 2,000 of the local cloud.
   */
  readonly most?: number | undefined;
  /** Which of them are shown. Default all. */
  readonly filter?: LiveFilter | undefined;
}
