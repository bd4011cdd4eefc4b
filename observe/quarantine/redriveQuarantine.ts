import { setTimeout as wait } from 'node:timers/promises';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import { streamName } from '../../infra/streams/streams.ts';
import { firehosePutRecordBatch } from '../../lib/aws/firehosePutRecordBatch.ts';
import { s3Groups } from '../../lib/aws/s3Groups.ts';
import { isJsonObject, parseJson } from '../../lib/base/json.ts';
import { systemClock } from '../../lib/base/time.ts';
import { type QuarantinedItem, type Revalidation, revalidator } from '../../lib/collect/revalidate.ts';
import { readKnownGroups } from '../../lib/groups/pullGroups.ts';
import { deliver, STREAM_HELD } from '../../lib/landing/delivery/deliver.ts';
import { type StreamShard, StreamShards } from '../../lib/landing/delivery/StreamShards.ts';
import { HoldError, type StreamHolds } from '../../lib/landing/hold/StreamHolds.ts';
import { type ForwardedKind, forwardedKinds } from '../../lib/schema/kinds.ts';
import { streamsInRotation } from '../../lib/tables/streams.ts';
import { groupsKey } from '../../lib/tables/tableFolders.ts';
import { readHeldStreams } from '../holds/holds.ts';
import type { Place } from '../place.ts';
import { type QuarantineSelection, readQuarantine } from './readQuarantine.ts';
import { RedriveRecord } from './redriveRecord.ts';

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
 * Validates rows with a reason again, and delivers those that pass and were not redriven before: {@link RedriveRecord}.
 *
 * @param dryRun Delivers nothing.
 * @param again Delivers rows that were redriven before, too. This makes rows with the same event_id, which views show once.
 * @throws What clients of AWS throw.
 */
export async function redriveReason(
  place: Pick<Place, 's3' | 'config' | 'aws' | 'stack' | 'random'>,
  selection: QuarantineSelection,
  dryRun: boolean,
  again = false,
): Promise<RedriveReport> {
  const record = await RedriveRecord.read(place);
  const rows = readQuarantine(place.s3, place.config, selection, (row) => !again && record.hasRow(row));
  return redriveItems(place, rows, dryRun, { record, again });
}

/**
 * Validates some items again, each quarantine_id once, and delivers those that pass: {@link redriveReason}.
 *
 * @param options Default: delivers them whatever the record says, and adds them to it.
 */
export async function redriveItems(
  place: Pick<Place, 's3' | 'config' | 'aws' | 'stack' | 'random'>,
  items: AsyncIterable<QuarantinedItem>,
  dryRun: boolean,
  options: { readonly record?: RedriveRecord; readonly again?: boolean } = {},
): Promise<RedriveReport> {
  // Retries are made by lib/landing/delivery's.
  const firehose = new FirehoseClient({ ...place.aws, maxAttempts: 1 });
  const ofTable = (kind: ForwardedKind) => {
    const shards = streamsInRotation(place.config, kind).map((stream) => ({
      stream,
      putRecordBatch: firehosePutRecordBatch(firehose, streamName(place.stack, stream)),
    }));
    return new StreamShards(shards, place.random);
  };
  try {
    const streams = dryRun ? null : { exposures: ofTable('exposures'), events: ofTable('events') };
    const record = options.record ?? (await RedriveRecord.read(place));
    const again = options.again ?? options.record === undefined;
    const held = () => readHeld(place);
    return await redriveQuarantine(items, await currentRevalidator(place), streams, { record, again }, held);
  } finally {
    firehose.destroy();
  }
}

/**
 * The streams that are held now. A stack of a version before 0.3 has no secret of them, and holds none.
 *
 * @throws HoldError `SLUICE_HOLD_REFUSED`, `SLUICE_HOLD_UNREADABLE`: what a held stream gets may be dropped, so nothing is put
 *   without knowing.
 */
async function readHeld(place: Pick<Place, 'aws' | 'stack'>): Promise<StreamHolds['held']> {
  try {
    return (await readHeldStreams({ ...place, now: systemClock.now() })).held;
  } catch (error) {
    if (error instanceof HoldError) throw error;
    const name = error instanceof Error ? error.name : 'Error';
    throw new HoldError('SLUICE_HOLD_REFUSED', `${name}.`, { cause: error });
  }
}

/** Makes the function that validates items with the configuration and groups of now. */
export async function currentRevalidator({
  s3,
  config,
}: Pick<Place, 's3' | 'config'>): Promise<(quarantined: QuarantinedItem) => Revalidation> {
  return revalidator(config, await readKnownGroups(s3Groups(s3, config.bucket, groupsKey(config))));
}

/** The part of {@link RedriveRecord} that a redrive needs. */
export interface DeliveryRecord {
  readonly record: Pick<RedriveRecord, 'hasEvent' | 'add'>;
  /** Whether events of the record are delivered, too. */
  readonly again: boolean;
}

/**
 * Validates quarantined rows again and delivers those that pass. Without streams it only validates.
 *
 * @param quarantined Each quarantine_id once.
 * @param recorded Default: nothing is recorded.
 * @param readHeld Streams that are held, asked before each delivery. They get nothing. Rows of a table without others stay in quarantine, and count
 *   as failed with the code `StreamHeld`. Default none.
 */
export async function redriveQuarantine(
  quarantined: AsyncIterable<QuarantinedItem>,
  revalidate: (quarantined: QuarantinedItem) => Revalidation,
  streams: Readonly<Record<ForwardedKind, StreamShards>> | null,
  recorded?: DeliveryRecord,
  readHeld: () => Promise<StreamHolds['held']> = async () => ({}),
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
  const putAll = async (kind: ForwardedKind) => {
    const documents = waiting[kind].documents.splice(0);
    waiting[kind].length = 0;
    if (documents.length === 0) return;
    const held = streams === null ? {} : await readHeld();
    const chosen = streams === null ? null : streams[kind].choose((stream) => held[stream] !== undefined);
    if (chosen?.length === 0)
      report.failed[STREAM_HELD] = (report.failed[STREAM_HELD] ?? 0) + documents.length;
    else await put(report, chosen ?? [], kind, documents, recorded);
  };
  for await (const one of quarantined) {
    report.found += 1;
    const { documents, refused, ignored } = revalidate(one);
    for (const { code } of refused) count(report.refused, code);
    report.ignored += ignored;
    const row = { id: one.quarantineId, open: 0, isWhole: refused.length === 0 };
    const added: [ForwardedKind, string][] = [];
    for (const kind of forwardedKinds) {
      for (const document of documents[kind]) {
        const isDone = recorded?.again === false && recorded.record.hasEvent(eventIdOf(document));
        if (!isDone) added.push([kind, document]);
      }
    }
    row.open = added.length;
    for (const [kind, document] of added) {
      const held = waiting[kind];
      held.documents.push({ document, row });
      held.length += document.length;
      if (held.documents.length >= CHUNK || held.length >= CHUNK_LENGTH) await putAll(kind);
    }
  }
  for (const kind of forwardedKinds) await putAll(kind);
  return report;
}

/** A document of a row of quarantine. */
interface RowDocument {
  readonly document: string;
  readonly row: {
    readonly id: string;
    /** Documents that are not delivered yet. */
    open: number;
    /** Whether nothing of the row is still refused. */
    readonly isWhole: boolean;
  };
}

interface Waiting {
  readonly documents: RowDocument[];
  /** Characters of all of them. */
  length: number;
}

async function put(
  report: RedriveReport,
  [stream, other]: readonly StreamShard[],
  kind: ForwardedKind,
  waiting: readonly RowDocument[],
  recorded: DeliveryRecord | undefined,
): Promise<void> {
  if (stream === undefined) {
    report.delivered[kind] += waiting.length;
    return;
  }
  const at = systemClock.now();
  const { acknowledged, returned } = await deliver(
    waiting.map(({ document }) => document),
    {
      putRecordBatch: stream.putRecordBatch,
      clock: systemClock,
      wait: (ms) => wait(ms),
      random: Math.random,
      deadline: at + CHUNK_MS,
    },
    other,
  );
  report.delivered[kind] += acknowledged;
  for (const { reason, code = reason } of returned) count(report.failed, code);

  const back = new Set(returned.map(({ index }) => index));
  const [rows, events]: [string[], string[]] = [[], []];
  for (const [index, { document, row }] of waiting.entries()) {
    if (back.has(index)) continue;
    row.open -= 1;
    if (row.isWhole && row.open === 0) rows.push(row.id);
    else events.push(eventIdOf(document));
  }
  await recorded?.record.add({ at, rows, events });
}

/** The event_id of a row that is put on a stream. */
function eventIdOf(document: string): string {
  const row = parseJson(document);
  return isJsonObject(row) && typeof row['event_id'] === 'string' ? row['event_id'] : '';
}

function count(counts: Record<string, number>, code: string): void {
  counts[code] = (counts[code] ?? 0) + 1;
}
