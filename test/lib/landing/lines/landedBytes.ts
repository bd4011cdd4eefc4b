import { expect } from '@jest/globals';
import type { Clock } from '../../../../lib/base/time.ts';
import { LandedReader } from '../../../../lib/landing/lines/LandedReader.ts';
import { Skipped } from '../../../../lib/landing/lines/Skipped.ts';
import { encodeLines } from '../../../../lib/landing/store/encodeLines.ts';

export const DAY = '2026-11-25';

/** A row of events with an ID. */
export const rowOf = (id: string, day = DAY) => ({ day, json: JSON.stringify({ event_id: id }) });

/** A gzip member with a row of each ID, as the collector writes it. */
export const member = (...ids: readonly string[]) =>
  Buffer.from(encodeLines({ events: ids.map((id) => rowOf(id)) }) ?? []);

/** The line of a row with this ID. */
export const line = (id: string) => `{"kind":"events","ds":"${DAY}","row":{"event_id":"${id}"}}\n`;

/** A clock that stands still. */
export const still: Clock = { now: () => 0 };

/** What a reader finds in an object. */
interface Read {
  /** IDs of rows, in their order. */
  readonly ids: readonly string[];
  /** Ranges of bytes that were skipped, with their causes. */
  readonly skipped: Skipped['ranges'];
}

/** The IDs of an object's rows, and the ranges of bytes that were skipped, with their causes: see {@link readPieces}. */
export const read = (bytes: Uint8Array, clock?: Clock): Read => readPieces([bytes], clock);

/**
 * The same of an object that comes in pieces. Its members are read one by one, and then in runs of two lengths, which
 * has to give the same.
 *
 * @param clock The clock of the search. With it members are only read one by one: each reading would move it. Default:
 * one that stands still.
 */
export function readPieces(pieces: readonly Uint8Array[], clock?: Clock): Read {
  const alone = readRuns(pieces, 0, clock);
  if (clock === undefined)
    for (const runBytes of [150, 100_000]) expect(readRuns(pieces, runBytes)).toEqual(alone);
  return alone;
}

/** The same, whose members are read in runs of so many bytes; each alone with 0. */
export function readRuns(pieces: readonly Uint8Array[], runBytes: number, clock = still): Read {
  const reader = new LandedReader(clock, 0, runBytes);
  const skipped = new Skipped();
  const ids: string[] = [];
  for (const [i, piece] of pieces.entries())
    for (const part of reader.read([piece], i === pieces.length - 1)) {
      skipped.add(part);
      for (const { rowFrom, to } of part.lines)
        ids.push(JSON.parse(part.text.toString('utf8', rowFrom, to - 2)).event_id);
    }
  return { ids, skipped: skipped.ranges };
}

/** The bytes with one bit of one of them flipped. */
export function flip(bytes: Buffer, at: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
  return flipped;
}
