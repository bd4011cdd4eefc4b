import type { GroupsCache } from '../groups/GroupsCache.ts';
import type { PutOverflow } from '../landing/delivery/PutOverflow.ts';
import type { PutRecordBatch } from '../landing/delivery/PutRecordBatch.ts';
import type { PutQuarantineLarge } from '../landing/PutQuarantineLarge.ts';
import type { QuarantineWriter } from '../landing/quarantineWriter.ts';
import type { TableKind } from '../schema/kinds.ts';
import type { Clock } from '../time/Clock.ts';
import type { KeyGate } from '../wire/keys/KeyGate.ts';
import type { CollectPlan } from './CollectPlan.ts';

/** What the collector works with: made once, used for every request. */
export interface Collector {
  /** Changes when the groups that are known change. */
  readonly plan: CollectPlan;
  readonly groups: GroupsCache;
  readonly keys: KeyGate;
  readonly streams: Record<TableKind, PutRecordBatch>;
  readonly putOverflow: PutOverflow;
  readonly writeQuarantine: QuarantineWriter;
  readonly putQuarantineLarge: PutQuarantineLarge;
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  /** Calls back once so many milliseconds have passed, unless what it returns is called before. */
  readonly alarm: (ms: number, ring: () => void) => () => void;
  readonly random: () => number;
  readonly log: (fields: Record<string, unknown>) => void;
  /** Whether the next request that went well is logged. */
  readonly logSuccess: () => boolean;
  /** Writes one EMF line. */
  readonly writeMetrics: (line: Readonly<Record<string, unknown>>) => void;
  /** Dimension of every metric. */
  readonly stage: string;
}
