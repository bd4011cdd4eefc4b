import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isJsonObject, parseJson } from '../../base/json.ts';
import { isUtcDay } from '../../base/time.ts';
import type { Config } from '../../schema/config.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { parseErrorKey, parseOverflowKey } from '../../tables/objectKeys.ts';
import { type EncodedRecord, encodeRecord, type LandingRow } from '../frames/encodeRecord.ts';
import { LandingError } from '../frames/LandingError.ts';
import { type QuarantineRows, quarantineWriter, type RefusedItem } from '../quarantineWriter.ts';
import { type FailedRecord, readErrorLine, readFailedRow, readLines, splitRecord } from './failedRecords.ts';
import { readOverflow } from './overflow.ts';

/** Most rows and characters of a record that is made of an object. */
const RECORD_ROWS = 5_000;
const RECORD_LENGTH = 4_194_304;

/** An object that release 0.2 left, in a file. */
export interface LeftObject {
  /** Its key below `overflow/` or `errors/`, also of one that is parked. */
  readonly key: string;
  /** When it was written, epoch milliseconds. */
  readonly writtenAt: number;
  readonly path: string;
}

/** Rows as they go into the landing, and what they point to, which has to be put first. */
export interface AdoptedRecord extends EncodedRecord {
  readonly large: QuarantineRows['large'];
}

/**
 * The rows of an object of release 0.2 as records of the landing: those of overflow for their tables, those that Firehose could
 * not deliver for quarantine. The same object gives the same records.
 *
 * @throws LandingError `SLUICE_LANDING_LEFT_UNREADABLE`.
 */
export async function* adoptedRecords(
  config: Pick<Config, 'bucket' | 'tables'>,
  object: LeftObject,
): AsyncGenerator<AdoptedRecord> {
  const { key, writtenAt } = object;
  const write = quarantineWriter(config);
  let number = 0;
  let batch = new Batch();
  const finish = (): AdoptedRecord => {
    const id = hash('sha256', `${key}\n${number}`).slice(0, 32);
    number += 1;
    const { rows, large } = batch;
    batch = new Batch();
    return { ...encodeRecord({ id, request: null, receivedAt: writtenAt, rows }), large };
  };
  for await (const row of rowsOf(object)) {
    if ('refused' in row) {
      const { documents, large } = write([row.refused], contextOf(row, key, writtenAt));
      for (const json of documents) batch.add('quarantine', { json, day: dayOf(json) ?? '' });
      batch.large.push(...large);
    } else batch.add(row.kind, row);
    if (batch.isFull) yield finish();
  }
  if (!batch.isEmpty) yield finish();
}

/** A row for its table, or one that only quarantine takes. */
type LeftRow =
  | (LandingRow & { readonly kind: TableKind })
  | { readonly refused: RefusedItem; readonly raw: Uint8Array; readonly arrivedAt: number | null };

async function* rowsOf({ key, path }: LeftObject): AsyncGenerator<LeftRow> {
  const kind = parseOverflowKey(key);
  if (kind !== null) {
    const rows = readOverflow(await readFile(path));
    if (rows === null) throw new LandingError('SLUICE_LANDING_LEFT_UNREADABLE', `${key}.`);
    for (const json of rows) yield rowOf(kind, json);
    return;
  }
  const error = parseErrorKey(key);
  try {
    for await (const line of readLines(createReadStream(path))) {
      if (line === '' || error === null) continue;
      for (const record of splitRecord(readErrorLine(line, error.outputType))) {
        // Rows of quarantine have no other place to go than their own table.
        const own = error.kind === 'quarantine' ? quarantineRow(record) : null;
        yield own ?? refusedRow(record);
      }
    }
  } catch (thrown) {
    if (thrown instanceof RangeError)
      throw new LandingError('SLUICE_LANDING_LEFT_UNREADABLE', `${key}: ${thrown.message}`);
    throw thrown;
  }
}

function rowOf(kind: TableKind, json: string): LeftRow {
  const day = dayOf(json);
  if (day !== null) return { kind, json, day };
  return {
    refused: { code: 'SLUICE_ROW_NOT_JSON', detail: kind, raw: json },
    raw: Buffer.from(json),
    arrivedAt: null,
  };
}

function quarantineRow({ raw }: FailedRecord): LeftRow | null {
  const json = isUtf8(raw) ? Buffer.from(raw).toString('utf8') : '';
  const row = parseJson(json);
  const day = dayOf(json);
  const isOwn = isJsonObject(row) && typeof row['quarantine_id'] === 'string' && !json.includes('\n');
  return isOwn && day !== null ? { kind: 'quarantine', json, day } : null;
}

/**
 * The identity of such a row is its event's ID, whenever it was received. A row without an event ID is identified by its whole
 * text.
 */
function refusedRow({ reason, detail, raw, arrivedAt }: FailedRecord): LeftRow {
  const { eventId } = readFailedRow(raw);
  const text = isUtf8(raw) ? Buffer.from(raw).toString('utf8') : raw;
  const identity = eventId === null ? null : { identity: eventId, isUnique: true };
  return { refused: { code: reason, detail, raw: text, ...identity }, raw, arrivedAt };
}

/** `received_at` is when Firehose received the row; `path` is the key of the object, which names its table. */
function contextOf(
  { raw, arrivedAt }: { readonly raw: Uint8Array; readonly arrivedAt: number | null },
  path: string,
  writtenAt: number,
) {
  const { sdkType, sdkVersion } = readFailedRow(raw);
  // A row contains neither key nor sender.
  const nobody = { keyLabel: null, keyHash: '', senderId: '' };
  return { ...nobody, path, receivedAt: arrivedAt ?? writtenAt, sdkType, sdkVersion };
}

function dayOf(json: string): string | null {
  const row = parseJson(json);
  const day = isJsonObject(row) ? row['ds'] : null;
  return typeof day === 'string' && isUtcDay(day) ? day : null;
}

/** Rows of one record. */
class Batch {
  readonly rows: Partial<Record<TableKind, LandingRow[]>> = {};
  readonly large: QuarantineRows['large'][number][] = [];
  #count = 0;
  #length = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get isFull(): boolean {
    return this.#count >= RECORD_ROWS || this.#length >= RECORD_LENGTH;
  }

  add(kind: TableKind, { day, json }: LandingRow): void {
    const own = this.rows[kind] ?? [];
    own.push({ day, json });
    this.rows[kind] = own;
    this.#count += 1;
    this.#length += json.length;
  }
}
