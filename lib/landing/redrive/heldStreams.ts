import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import { type OverflowFolder, overflowFolder, REQUESTS } from '../../tables/objectKeys.ts';
import { deliver } from '../delivery/deliver.ts';
import { readOverflow } from '../delivery/overflow.ts';
import type { StreamHolds } from '../hold/StreamHolds.ts';
import type { Redrive, RedriveOutcome } from './Redrive.ts';

/** Streams that get nothing: those that are held, and all of them while it is not known which are (null). */
export function heldKinds(holds: StreamHolds | null): ReadonlySet<TableKind> {
  return new Set(tableKinds.filter((kind) => holds === null || holds.held[kind] !== undefined));
}

/**
 * Whether no object of an overflow folder can be tried. Of requests an object may have rows of any table: it waits only for
 * the streams of those that it has.
 */
export function isFolderHeld(folder: OverflowFolder, held: ReadonlySet<TableKind>): boolean {
  return folder === REQUESTS ? held.size === tableKinds.length : held.has(folder);
}

/** The outcome for an object that waits for a held stream. While it is not known which are held, its message returns. */
export function waits(holds: StreamHolds | null): RedriveOutcome {
  return holds === null
    ? { outcome: 'kept', code: 'SLUICE_HOLD_UNAVAILABLE', detail: '' }
    : { outcome: 'held' };
}

/** When the last of these streams was released, epoch milliseconds; 0 if none was ever held, or it is not known. */
export function releasedAt(kinds: readonly TableKind[], holds: StreamHolds | null): number {
  const times = kinds.flatMap((kind) => holds?.released[kind] ?? []);
  return Math.max(0, ...times.map((time) => Date.parse(time)));
}

/** Dependencies of {@link probeHeld}. */
interface Prober extends Redrive {
  /** Epoch milliseconds after which nothing is put. */
  readonly deadline: number;
  readonly log: (fields: Record<string, unknown>) => void;
}

/** Objects in which rows for a probe are looked for. */
const LOOKED_AT = 16;
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
    if (holds?.held[kind]?.probe !== true) continue;
    let outcome: string;
    try {
      outcome = await probe(kind, redriver);
    } catch (thrown) {
      outcome = thrown instanceof Error ? thrown.name : 'Error';
    }
    redriver.log({ level: 'info', event: 'redrive_probe', table: kind, outcome });
  }
}

async function probe(kind: TableKind, redriver: Prober): Promise<string> {
  const { clock, wait, random, deadline, streams } = redriver;
  const documents = await findRows(kind, redriver);
  if (documents.length === 0) return 'nothing_waits';
  const { putRecordBatch } = streams[kind];
  const { returned } = await deliver(documents, { putRecordBatch, clock, wait, random, deadline });
  return returned.length === 0 ? 'put' : (returned[0]?.code ?? 'not_put');
}

async function findRows(kind: TableKind, { store }: Prober): Promise<readonly string[]> {
  for (const folder of [kind, REQUESTS] as const) {
    let looked = 0;
    for await (const { key } of store.list(overflowFolder(folder))) {
      const body = await store.read(key);
      const rows = body === null ? null : readOverflow(folder, body);
      const own = rows?.find((one) => one.kind === kind)?.documents ?? [];
      if (own.length > 0) return own.slice(0, PROBE_ROWS);
      looked += 1;
      if (looked === LOOKED_AT) break;
    }
  }
  return [];
}
