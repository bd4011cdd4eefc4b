import { randomUUID } from 'node:crypto';
import { listedDays } from '../../../lib/curate/ListedDays.ts';
import { rawDays } from '../../../lib/curate/RawDays.ts';
import type { Eraser } from '../../../lib/erase/eraseUnits.ts';
import { erasures } from '../../../lib/erase/Manifest.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import type { MemoryObjects } from '../../harness/MemoryObjects.ts';
import { asEraseBucket } from './eraseObject.ts';
import type { MemoryBucket } from './MemoryBucket.ts';

/** The ID of the erasure. */
export const ID = 'e'.repeat(32);

/** What each test has of its own. */
type Own = Pick<Eraser, 'config' | 'matcher' | 'parquet' | 'parquets' | 'directory' | 'now'>;

/** An erasure of one unit. @param objects What is not erased from: the record, the ledger and the list of days. */
export function eraserOver(bucket: MemoryBucket, objects: MemoryObjects, own: Own): Eraser {
  const timing = { clock: { now: own.now }, wait: async () => {}, random: () => 0 };
  return {
    ...own,
    ...timing,
    id: ID,
    units: 1,
    owner: randomUUID(),
    dryRun: false,
    signal: undefined,
    bucket: asEraseBucket(bucket),
    manifests: erasures(objects),
    listed: listedDays(objects),
    raw: rawDays(objects, own.config, { ...timing, deadline: Number.POSITIVE_INFINITY }),
    ledger: new Ledger({ store: ledgerStore(objects), newToken: () => 't', ...timing }),
    askForDays: async () => {},
    laterMs: 0,
    onTheWay: async () => [],
  };
}
