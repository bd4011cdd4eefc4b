import { gzipSync } from 'node:zlib';
import type { UtcDay } from '../../base/time.ts';
import { MAX_LANDED_BYTES } from '../../schema/deliveryLimits.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';

/** One row, as a JSON object in one line, and the day of its folder. */
export interface LandedRow {
  /** The day of its folder. */
  readonly day: UtcDay;
  /** The hour in which it was received, `2026-11-25T07`. Default: that of the record. */
  readonly hour?: string | null | undefined;
  /** The row as a JSON object, without a line break. */
  readonly json: string;
}

/** A request's rows by the kind of their table. */
export type LandedRows = Readonly<Partial<Record<TableKind, readonly LandedRow[]>>>;

/**
 * Makes a request's record: for each row a line `{"kind":"events","ds":"2026-11-25","hour":"2026-11-25T07","row":{…}}`,
 * all compressed as one gzip member. So the objects that Firehose joins from records are gzip files of lines, which
 * anybody reads: https://www.rfc-editor.org/rfc/rfc1952#section-2.2
 *
 * @param hour The hour in which the rows were received, so that the writer need not search each row for its time.
 * Default: lines without it.
 * @returns Null without rows.
 * @throws RangeError for more rows than a request can have: a defect of the caller.
 */
export function encodeLines(rows: LandedRows, hour: string | null = null): Uint8Array | null {
  const lines: { readonly head: string; readonly json: string }[] = [];
  let length = 0;
  for (const kind of tableKinds)
    for (const { day, hour: rowHour = hour, json } of rows[kind] ?? []) {
      const received = rowHour === null ? '' : `"hour":"${rowHour}",`;
      const head = `{"kind":"${kind}","ds":"${day}",${received}"row":`;
      length += head.length + Buffer.byteLength(json) + ROW_END.length;
      lines.push({ head, json });
    }
  if (length === 0) return null;
  if (length > MAX_LANDED_BYTES) throw new RangeError(`${length} bytes of rows.`);
  // Row by row: to join a thousand of them first takes four times as long.
  const text = Buffer.allocUnsafe(length);
  let end = 0;
  for (const { head, json } of lines) {
    end += text.write(head, end, 'latin1');
    end += text.write(json, end);
    end += text.write(ROW_END, end, 'latin1');
  }
  // What a higher level saves is not billed for small records, and takes twice as long for large ones.
  return gzipSync(text, { level: 1 });
}

/** What follows a row in its line. */
export const ROW_END = '}\n';
