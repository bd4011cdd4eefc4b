import { Readable } from 'node:stream';
import { crc32, createGunzip, gunzipSync } from 'node:zlib';
import { FileError, type FileFailure } from './FileError.ts';
import type { FileWindow } from './FileWindow.ts';
import type { Page } from './format/pageHeader.ts';

/** Bytes of a page that are in memory at once, compressed or uncompressed. */
const PIECE_BYTES = 4 * 1_024 * 1_024;

/** The CRC-32 of the bytes of a page. */
export async function readCrc(file: FileWindow, { start, bytes }: Page): Promise<number> {
  let crc = 0;
  for await (const piece of pieces(file, start, bytes)) crc = crc32(piece, crc);
  return crc;
}

/** Reads a page of gzip to its end. @throws FileError for a wrong checksum or length. */
export async function verifyGzip(file: FileWindow, page: Page, name: string): Promise<void> {
  const { start, bytes, uncompressed, levels } = page;
  const expected = uncompressed - levels;
  let length = 0;
  try {
    if (bytes <= PIECE_BYTES && expected <= PIECE_BYTES) {
      const block = await file.exactly(start + levels, bytes - levels);
      length = gunzipSync(block, { maxOutputLength: Math.max(1, expected) }).length;
    } else {
      const compressed = Readable.from(pieces(file, start + levels, bytes - levels));
      for await (const piece of compressed.compose(createGunzip())) {
        length += piece.length;
        if (length > expected) break;
      }
    }
  } catch (error) {
    if (error instanceof Error && /incorrect (data|length) check/.test(error.message)) {
      throw checksumError(name, page, 'the checksum of its gzip block');
    }
    throw error instanceof RangeError
      ? error
      : new RangeError('A gzip block can’t be read.', { cause: error });
  }
  if (length !== expected) throw new RangeError('The length of a page differs from its header.');
}

/** The bytes of a page, in pieces that fit the memory. */
async function* pieces(file: FileWindow, start: number, bytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes; at += PIECE_BYTES) {
    yield await file.exactly(start + at, Math.min(PIECE_BYTES, bytes - at));
  }
}

/** The error of a page whose bytes are not those that were written. */
export function checksumError(name: string, { start }: Page, which: string): FileFailure {
  return new FileError('SLUICE_INGEST_FILE_CHECKSUM_WRONG', `${name}: page at byte ${start}, ${which}.`);
}
