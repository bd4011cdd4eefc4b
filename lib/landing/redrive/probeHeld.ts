import { mapLimit } from '../../base/concurrency.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import { type OverflowFolder, REQUESTS } from '../../tables/objectKeys.ts';
import { deliver } from '../delivery/deliver.ts';
import { readOverflow } from '../delivery/overflow.ts';
import type { Redrive, RedriveStream } from './Redrive.ts';
import { lanesOf } from './redriveOverflow.ts';

/** Dependencies of {@link probeHeld}. */
interface Prober extends Redrive {
  /** Epoch milliseconds after which nothing is put. */
  readonly deadline: number;
  readonly log: (fields: Record<string, unknown>) => void;
}

/** Most objects of a folder in which rows for a probe are looked for. */
const LOOKED_AT = 1_000;
/** Objects that are read at the same time. */
const READS_AT_ONCE = 16;
/** Rows of a probe: one is enough to see a stream deliver, more would only be doubles. */
const PROBE_ROWS = 1;

/**
 * Puts a row on each stream that is held and asks for it, so that the stream can show whether it delivers. Its object stays:
 * the row is there twice in the end, with the same event_id, or once if the stream drops it.
 *
 * Errors of the bucket or the stream are told in the log line, and the next run asks again.
 */
export async function probeHeld(redriver: Prober): Promise<void> {
  const holds = await redriver.holds();
  for (const kind of tableKinds) {
    for (const shard of redriver.streams[kind]) {
      if (holds?.held[shard.stream]?.probe !== true) continue;
      let outcome: string;
      try {
        outcome = await probe(kind, shard, redriver);
      } catch (thrown) {
        outcome = thrown instanceof Error ? thrown.name : 'Error';
      }
      redriver.log({ level: 'info', event: 'redrive_probe', table: shard.stream, outcome });
    }
  }
}

async function probe(kind: TableKind, { putRecordBatch }: RedriveStream, redriver: Prober): Promise<string> {
  const { clock, wait, random, deadline } = redriver;
  const documents = await findRows(kind, redriver);
  if (documents.length === 0) return 'nothing_waits';
  const { returned } = await deliver(documents, { putRecordBatch, clock, wait, random, deadline });
  return returned.length === 0 ? 'put' : (returned[0]?.code ?? 'not_put');
}

/**
 * Rows that wait for a stream. Objects of requests may have none for it, and more of them than a run can read: each run
 * begins with another digit of their keys.
 */
async function findRows(kind: TableKind, redriver: Prober): Promise<readonly string[]> {
  for (const folder of [kind, REQUESTS] as const) {
    let looked = 0;
    let keys: string[] = [];
    for await (const key of keysFromAnywhere(folder, redriver)) {
      keys.push(key);
      looked += 1;
      const isEnough = looked === LOOKED_AT || redriver.clock.now() >= redriver.deadline;
      if (keys.length < READS_AT_ONCE && !isEnough) continue;
      const rows = await rowsOf(keys, kind, folder, redriver);
      if (rows.length > 0) return rows;
      keys = [];
      if (isEnough) break;
    }
    const rows = await rowsOf(keys, kind, folder, redriver);
    if (rows.length > 0) return rows;
  }
  return [];
}

async function* keysFromAnywhere(folder: OverflowFolder, { store, random }: Prober) {
  const lanes = lanesOf(folder);
  const first = Math.floor(random() * lanes.length);
  for (const lane of [...lanes.slice(first), ...lanes.slice(0, first)])
    for await (const { key } of store.list(lane)) yield key;
}

/** The first rows for a stream in some objects. */
async function rowsOf(
  keys: readonly string[],
  kind: TableKind,
  folder: OverflowFolder,
  { store }: Prober,
): Promise<readonly string[]> {
  const found = await mapLimit(keys, READS_AT_ONCE, async (key) => {
    const body = await store.read(key);
    const rows = body === null ? null : readOverflow(folder, body);
    return rows?.find((one) => one.kind === kind)?.documents ?? [];
  });
  return (found.find((rows) => rows.length > 0) ?? []).slice(0, PROBE_ROWS);
}
