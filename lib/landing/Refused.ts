import type { QuarantineReason } from './quarantineReasons.ts';

/** One event or body that was refused: kept, never dropped. */
export interface Refused {
  readonly code: QuarantineReason;
  readonly detail: string;
  /** Text of ours; or a body's bytes as they came. */
  readonly raw: string | Uint8Array;
  /** What of it stays the same when it is sent again, for its `quarantine_id`. Default `raw`. */
  readonly identity?: string;
  /** Whether that alone is its identity: another with the same one is a resend of it, no repeat. Default false. */
  readonly isUnique?: boolean;
}

/** One event of a batch that was refused, or all of them where they are too many. */
export interface RefusedEvent extends Refused {
  /** A body with it, without private attributes and redacted as configured, that would mean the same if it came. */
  readonly raw: string;
}
