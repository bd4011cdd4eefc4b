import type { QuarantineReason } from './quarantineReasons.ts';

/** One event or body that was refused: kept, never dropped. */
export interface Refused {
  readonly code: QuarantineReason;
  readonly detail: string;
  /** An event's JSON; a body's bytes as they came. */
  readonly raw: string | Uint8Array;
}

/** One event of a batch that was refused. */
export interface RefusedEvent extends Refused {
  /** The event as it came, without private attributes and redacted as configured. */
  readonly raw: string;
}
