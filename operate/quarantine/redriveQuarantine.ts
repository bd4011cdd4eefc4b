import { hash } from 'node:crypto';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { defineErrorFamily, errorName } from '../../lib/base/errors.ts';
import { parseJson, valueAt } from '../../lib/base/json.ts';
import { utcDay } from '../../lib/base/time.ts';
import { hourIn } from '../../lib/landing/lines/receivedHours.ts';
import { encodeLines, type LandedRow } from '../../lib/landing/store/encodeLines.ts';
import { putRecordObject } from '../../lib/landing/store/land.ts';
import { type ForwardedKind, forwardedKinds } from '../../lib/schema/kinds.ts';
import { directRecordKey } from '../../lib/tables/objectKeys.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { type QuarantineSelection, readQuarantine } from '../../observe/quarantine/readQuarantine.ts';
import {
  currentRevalidator,
  type QuarantinedItem,
  type Revalidation,
} from '../../observe/quarantine/revalidate.ts';
import { RedriveRecord } from './redriveRecord.ts';

/** The most rows of one record of the landing. */
const CHUNK = 5_000;
/** The most characters of one record. */
const CHUNK_LENGTH = 16_000_000;
/** Milliseconds that the write of a record may take. */
const CHUNK_MS = 60_000;

/** The result. It counts rows of quarantine, or events if a row was a whole body. */
export interface RedriveReport {
  /** Number of rows that were found; resends count once. */
  found: number;
  /** Rows that were delivered, or in a dry run would be. */
  readonly delivered: Record<ForwardedKind, number>;
  /** Rows that are still refused, by code. */
  readonly refused: Record<string, number>;
  /** Number of events that the configuration ignores. */
  ignored: number;
  /** Rows of which the body is gone, expired or erased: no redrive can deliver them. */
  gone: number;
  /** Rows that the bucket did not take, by the name of the error. */
  readonly failed: Record<string, number>;
}

/** Errors of redriving rows of quarantine. */
export const RedriveError = defineErrorFamily('user', {
  SLUICE_REDRIVE_INCOMPLETE: {
    cause: 'Not all rows could be put into the landing.',
    cure: 'Run the command again: it goes on with the rows that are left, and does not deliver the others again.',
  },
});

/**
 * Validates rows that have a reason again. It delivers those that pass and were not redriven before: {@link
 * RedriveRecord}.
 *
 * @param dryRun Whether nothing is delivered.
 * @throws What clients of AWS throw.
 */
export async function redrive(
  deployment: Pick<Deployment, 's3' | 'config' | 'now'>,
  selection: QuarantineSelection,
  dryRun: boolean,
): Promise<RedriveReport> {
  const { s3, config, now } = deployment;
  const store = s3ObjectStore(s3, config.bucket);
  const record = await RedriveRecord.read(store, now);
  const items = readQuarantine(s3, config, selection, (row) => record.hasRow(row));
  const putObject = putRecordObject(store);
  const land: LandRows = async (rows) => {
    const body = encodeLines(rows);
    if (body === null) return;
    const key = directRecordKey(utcDay(now), hash('sha256', body), 'redriven');
    await putObject({ key, body }, CHUNK_MS);
  };
  return redriveQuarantine(items, await currentRevalidator(deployment), dryRun ? null : land, record);
}

/** Puts rows into the landing. It throws the error of the store. */
export type LandRows = (rows: Readonly<Record<ForwardedKind, readonly LandedRow[]>>) => Promise<void>;

/**
 * Validates quarantined rows again and delivers those that pass, many in one record of the landing.
 *
 * @param quarantined The rows, each quarantine_id once.
 * @param land Puts rows into the landing. With null nothing is delivered, and nothing recorded.
 */
export async function redriveQuarantine(
  quarantined: AsyncIterable<QuarantinedItem>,
  revalidate: (quarantined: QuarantinedItem) => Revalidation,
  land: LandRows | null,
  record: Pick<RedriveRecord, 'hasEvent' | 'add'>,
): Promise<RedriveReport> {
  const report: RedriveReport = {
    found: 0,
    delivered: { exposures: 0, events: 0 },
    refused: {},
    ignored: 0,
    gone: 0,
    failed: {},
  };
  let waiting: RestoredEvent[] = [];
  let length = 0;
  const putAll = async () => {
    if (waiting.length > 0) await put(report, land, waiting, record);
    waiting = [];
    length = 0;
  };
  for await (const item of quarantined) {
    report.found += 1;
    if (item.isGone === true) {
      report.gone += 1;
      continue;
    }
    const { rows, refused, ignored } = revalidate(item);
    for (const { code } of refused) count(report.refused, code);
    report.ignored += ignored;
    const row = { id: item.quarantineId, open: 0, isWhole: refused.length === 0 };
    const added = forwardedKinds.flatMap((kind) =>
      rows[kind].flatMap((landed): RestoredEvent[] =>
        record.hasEvent(eventIdOf(landed.json)) ? [] : [{ kind, landed, row }],
      ),
    );
    row.open = added.length;
    for (const event of added) {
      waiting.push(event);
      length += event.landed.json.length;
      if (waiting.length >= CHUNK || length >= CHUNK_LENGTH) await putAll();
    }
  }
  await putAll();
  return report;
}

/** A row of a table that was made of a row of quarantine. */
interface RestoredEvent {
  /** The table that it is for. */
  readonly kind: ForwardedKind;
  /** The row, as the landing takes it. */
  readonly landed: LandedRow;
  /** The row of quarantine, which may have several of them. */
  readonly row: {
    /** Its `quarantine_id`. */
    readonly id: string;
    /** Number of rows that are not delivered yet. */
    open: number;
    /** Whether no part of the row is still refused. */
    readonly isWhole: boolean;
  };
}

/** Puts rows into the landing as one record, and adds them to the report and, once they are there, to the record. */
async function put(
  report: RedriveReport,
  land: LandRows | null,
  waiting: readonly RestoredEvent[],
  record: Pick<RedriveRecord, 'add'>,
): Promise<void> {
  const rowsOf = (kind: ForwardedKind) =>
    waiting.filter((event) => event.kind === kind).map(({ landed }) => ({ ...landed, hour: hourOf(landed) }));
  try {
    await land?.({ exposures: rowsOf('exposures'), events: rowsOf('events') });
  } catch (error) {
    count(report.failed, errorName(error), waiting.length);
    return;
  }
  for (const { kind } of waiting) report.delivered[kind] += 1;
  if (land === null) return;
  const rows: string[] = [];
  const events: string[] = [];
  for (const { landed, row } of waiting) {
    row.open -= 1;
    if (row.isWhole && row.open === 0) rows.push(row.id);
    else events.push(eventIdOf(landed.json));
  }
  await record.add({ rows, events });
}

/** The event_id of a row. Every row that the collector makes has one, and so has every row that was restored. */
function eventIdOf(json: string): string {
  const id = valueAt(parseJson(json), ['event_id']);
  if (typeof id !== 'string') throw new TypeError('The row has no event_id.');
  return id;
}

/** The hour in which a row was received; null if the row does not say it. */
function hourOf({ json }: LandedRow): string | null {
  const text = Buffer.from(json);
  return hourIn(text, 0, text.length);
}

/** Adds to the count of a code. */
function count(counts: Record<string, number>, code: string, number = 1): void {
  counts[code] = (counts[code] ?? 0) + number;
}
