import type { RefusedEvent } from '../landing/quarantineWriter.ts';
import type { ForwardedKind } from '../schema/kinds.ts';

/** Who sent a batch, as far as the request tells without its body. */
export interface Sender {
  /** Lower-case hex SHA-256 of the SDK key. */
  readonly keyHash: string;
  /** `environment` of events without a tier, as the key has it. Default `production`. */
  readonly environment?: string | null;
  /** What the key may send. Default both. */
  readonly kinds?: readonly ForwardedKind[];
  /** The sender's clock when it sent: header `STATSIG-CLIENT-TIME`, then query `t`; null where absent. */
  readonly clientTimes: readonly (string | null)[];
  /** From headers or query; what the body says of itself counts more. */
  readonly sessionId: string | null;
  readonly sdkType: string | null;
  readonly sdkVersion: string | null;
  /** When the collector received it, epoch milliseconds. */
  readonly receivedAt: number;
}

/** What became of a batch: every event is a document, refused or counted. */
export interface Collected {
  /** Events in the batch. */
  readonly events: number;
  /** A JSON document for each row, by table, in the order of the batch. */
  readonly documents: Record<ForwardedKind, string[]>;
  /** What quarantine keeps of the refused events: a row each, or one for all where they are many. */
  readonly refused: readonly RefusedEvent[];
  /** How many events were refused, by code. */
  readonly refusedCounts: Readonly<Record<string, number>>;
  /** Events that the configuration doesn't land, by reason: `lib/collect/eventFilter.ts`. */
  readonly counted: Readonly<Record<string, number>>;
  /** Landed events worth a number, by reason: `clock_corrected`, `clock_ignored`, `outside_time_window`, `time_missing`, `name_unresolved`. */
  readonly noted: Readonly<Record<string, number>>;
  /** Events equal to one before them in the batch. */
  readonly duplicates: number;
  /** How far the sender's clock was behind ours, in milliseconds; null when it told no time. */
  readonly clockSkewMs: number | null;
  readonly sdkType: string | null;
  readonly sdkVersion: string | null;
  /** The sender as event IDs have it: stays the same when a batch is sent again. */
  readonly senderId: string;
}
