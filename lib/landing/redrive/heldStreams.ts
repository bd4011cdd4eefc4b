import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import { type OverflowFolder, overflowFolder, REQUESTS } from '../../tables/objectKeys.ts';
import { deliver } from '../delivery/deliver.ts';
import { readOverflow } from '../delivery/overflow.ts';
import type { Redrive } from './Redrive.ts';

/** The streams that rows of an overflow folder may go to. */
export function neededKinds(folder: OverflowFolder): readonly TableKind[] {
  return folder === REQUESTS ? tableKinds : [folder];
}

/** Whether one of these streams is held: then nothing is tried that may need it. */
export function isHeld(kinds: readonly TableKind[], { holds }: Pick<Redrive, 'holds'>): boolean {
  return kinds.some((kind) => holds.held[kind] !== undefined);
}

/** When the last of these streams was released, epoch milliseconds; 0 if none was ever held. */
export function releasedAt(kinds: readonly TableKind[], { holds }: Pick<Redrive, 'holds'>): number {
  return Math.max(0, ...kinds.flatMap((kind) => holds.released[kind] ?? []).map((time) => Date.parse(time)));
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
  for (const kind of tableKinds) {
    if (redriver.holds.held[kind]?.probe !== true) continue;
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
