import type { Readable } from 'node:stream';
import type { UtcDay } from '../base/time.ts';
import { fingerprintFiles } from '../drops/Drop.ts';
import type { ForwardedKind } from '../schema/kinds.ts';

/** One file with raw rows. */
export interface RawFile {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** With its quotes, as `If-Match` expects it. */
  readonly eTag: string;
}

/** The raw files of forwarded tables. Methods throw CurateError `SLUICE_CURATE_BUCKET_FAILED`. */
export interface RawDays {
  /** The days that have a folder, in order. */
  days(kind: ForwardedKind): Promise<readonly UtcDay[]>;
  /** The files of a day that queries read, in the order of their keys. */
  files(kind: ForwardedKind, day: UtcDay): Promise<readonly RawFile[]>;
  /**
   * The bytes of a file as it was listed; null if it has changed or is gone since.
   *
   * @param range First and last byte, both included. Default all.
   */
  read(
    file: Pick<RawFile, 'key' | 'eTag'>,
    range?: { readonly first: number; readonly last: number },
  ): Promise<Readable | null>;
}

/** The raw files of a day and what identifies this state of them. */
export interface RawDay {
  readonly files: readonly RawFile[];
  readonly bytes: number;
  /** Depends on keys, sizes and ETags. */
  readonly fingerprint: string;
}

/** Lists the raw files of a day. */
export async function readRawDay(
  raw: Pick<RawDays, 'files'>,
  kind: ForwardedKind,
  day: UtcDay,
): Promise<RawDay> {
  const files = await raw.files(kind, day);
  return {
    files,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    fingerprint: fingerprintFiles(files),
  };
}
