import { hash } from 'node:crypto';
import { isoDay, type UtcDay } from '../../base/time.ts';
import type { Config } from '../../schema/config.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import { dayFolder, landedFileName } from '../../tables/tableFolders.ts';
import type { WalkedFrame, WalkedRecord } from '../frames/records.ts';

/** Bytes of rows that are written at once: they fit the memory of a small function. */
const PART_BYTES = 268_435_456;

/** A frame of a part, and what its record says of it. */
export interface PlannedFrame {
  readonly frame: WalkedFrame;
  readonly record: WalkedRecord;
}

/** A file to be written. */
export interface PlannedOutput {
  readonly key: string;
  readonly day: UtcDay;
  /** As the headers count them. Rows that can't be written, and those of a damaged frame, are not in the file. */
  readonly rows: number;
}

/** Frames of one table that are written at once: a file a day. */
export interface OutputPart {
  readonly table: TableKind;
  /** From 0, for each table. */
  readonly number: number;
  /** In the object's order. */
  readonly frames: readonly PlannedFrame[];
  /** By day. */
  readonly outputs: readonly PlannedOutput[];
  readonly rows: number;
  /** Digest of the frames. A file that exists was made of the same frames if it has the same. */
  readonly digest: string;
}

/**
 * The files that an object of the landing becomes. They follow from its key and its headers alone, so that every attempt at
 * an object makes the same files.
 *
 * @param partBytes Default {@link PART_BYTES}. A frame that is larger is a part by itself.
 */
export function planOutputs(
  layout: Pick<Config, 'statsigFolder' | 'tables'>,
  objectKey: string,
  records: readonly WalkedRecord[],
  partBytes = PART_BYTES,
): readonly OutputPart[] {
  const at = records.reduce(
    (first, { header }) => Math.min(first, header.receivedAt),
    Number.POSITIVE_INFINITY,
  );
  return tableKinds.flatMap((table) =>
    cutParts(table, records, partBytes).map((frames, number) => {
      const rows = new Map<UtcDay, number>();
      for (const { frame } of frames)
        for (const [day, count] of Object.entries(frame.rows)) rows.set(day, (rows.get(day) ?? 0) + count);
      const outputs = [...rows]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([day, count]) => {
          const name = landedFileName(at, digestOf(objectKey, table, day, number));
          return { key: `${dayFolder(layout, table, day)}${name}`, day, rows: count };
        });
      const rowsOfPart = outputs.reduce((sum, output) => sum + output.rows, 0);
      const digest = digestOf(...frames.map(({ frame }) => frame.crc32));
      return { table, number, frames, outputs, rows: rowsOfPart, digest };
    }),
  );
}

function cutParts(table: TableKind, records: readonly WalkedRecord[], most: number): PlannedFrame[][] {
  const parts: PlannedFrame[][] = [];
  let decoded = Number.POSITIVE_INFINITY;
  for (const record of records) {
    for (const frame of record.frames) {
      if (frame.table !== table) continue;
      if (decoded + frame.decoded > most) {
        parts.push([]);
        decoded = 0;
      }
      decoded += frame.decoded;
      parts.at(-1)?.push({ frame, record });
    }
  }
  return parts;
}

/**
 * Key of the file of a part's rows that could not be written as they are: one a day on which they were received, in the
 * quarantine table.
 */
export function refusedKey(
  layout: Pick<Config, 'statsigFolder' | 'tables'>,
  objectKey: string,
  { table, number }: OutputPart,
  receivedAt: number,
): string {
  const day = isoDay(receivedAt);
  const digest = digestOf(objectKey, 'refused', table, day, number);
  return `${dayFolder(layout, 'quarantine', day)}${landedFileName(Date.parse(day), digest)}`;
}

function digestOf(...parts: readonly (string | number)[]): string {
  return hash('sha256', JSON.stringify(parts));
}
