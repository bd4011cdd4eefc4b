import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../lib/base/time.ts';
import type { QuarantinedItem, Revalidation } from '../../lib/collect/revalidate.ts';
import { type Delivery, deliver } from '../../lib/landing/delivery/deliver.ts';
import type { PutRecordBatch } from '../../lib/landing/delivery/putRecords.ts';
import { type ForwardedKind, forwardedKinds } from '../../lib/schema/kinds.ts';

/** Maximum documents and characters of one delivery, and its time limit. */
const CHUNK = 5_000;
const CHUNK_LENGTH = 16_000_000;
const CHUNK_MS = 60_000;

/** The result, in rows of quarantine, or in events if a row was a whole body. */
export interface RedriveReport {
  /** Rows found; resends count once. */
  found: number;
  /** Rows that were delivered, or in a dry run would be. */
  readonly delivered: Record<ForwardedKind, number>;
  /** Rows that are still refused, by code. */
  readonly refused: Record<string, number>;
  /** Events that the configuration ignores. */
  ignored: number;
  /** Rows that Firehose did not acknowledge, by error code. */
  readonly failed: Record<string, number>;
}

/**
 * Validates quarantined rows again and delivers those that pass. Without streams it only validates.
 *
 * @param quarantined Each quarantine_id once.
 */
export async function redriveQuarantine(
  quarantined: AsyncIterable<QuarantinedItem>,
  revalidate: (quarantined: QuarantinedItem) => Revalidation,
  streams: Readonly<Record<ForwardedKind, PutRecordBatch>> | null,
): Promise<RedriveReport> {
  const report: RedriveReport = {
    found: 0,
    delivered: { exposures: 0, events: 0 },
    refused: {},
    ignored: 0,
    failed: {},
  };
  const waiting: Record<ForwardedKind, Waiting> = {
    exposures: { documents: [], length: 0 },
    events: { documents: [], length: 0 },
  };
  const putAll = (kind: ForwardedKind) => {
    waiting[kind].length = 0;
    return put(report, streams, kind, waiting[kind].documents.splice(0));
  };
  for await (const one of quarantined) {
    report.found += 1;
    const { documents, refused, ignored } = revalidate(one);
    for (const { code } of refused) count(report.refused, code);
    report.ignored += ignored;
    for (const kind of forwardedKinds) {
      const held = waiting[kind];
      for (const document of documents[kind]) {
        held.documents.push(document);
        held.length += document.length;
        if (held.documents.length >= CHUNK || held.length >= CHUNK_LENGTH) await putAll(kind);
      }
    }
  }
  for (const kind of forwardedKinds) await putAll(kind);
  return report;
}

interface Waiting {
  readonly documents: string[];
  /** Characters of all of them. */
  length: number;
}

async function put(
  report: RedriveReport,
  streams: Readonly<Record<ForwardedKind, PutRecordBatch>> | null,
  kind: ForwardedKind,
  documents: readonly string[],
): Promise<void> {
  const { acknowledged, returned }: Pick<Delivery, 'acknowledged' | 'returned'> =
    streams === null
      ? { acknowledged: documents.length, returned: [] }
      : await deliver(documents, {
          putRecordBatch: streams[kind],
          clock: systemClock,
          wait: (ms) => wait(ms),
          random: Math.random,
          deadline: systemClock.now() + CHUNK_MS,
        });
  report.delivered[kind] += acknowledged;
  for (const { reason, code = reason } of returned) count(report.failed, code);
}

function count(counts: Record<string, number>, code: string): void {
  counts[code] = (counts[code] ?? 0) + 1;
}
