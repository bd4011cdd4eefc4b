import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { MARK_BYTES, PARQUET_MARK } from '../parquet/format/parquetFooter.ts';

/** Bytes of a file that are read at a time. */
const CHUNK_BYTES = 1024 * 1024;
/** The first two bytes of gzip, in hex: https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1 */
const GZIP = '1f8b';

/** Whether a file begins as a file of Parquet does. */
export async function beginsAsParquet(path: string): Promise<boolean> {
  return (await firstBytes(path, MARK_BYTES)).toString('latin1') === PARQUET_MARK;
}

/** The bytes of a file, inflated if they are gzip. */
export async function plainBytes(path: string): Promise<AsyncIterable<Buffer>> {
  const first = await firstBytes(path, GZIP.length / 2);
  // Made last: an error of a stream that nobody reads yet would end the process.
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (first.toString('hex') !== GZIP) return file;
  const plain = createGunzip();
  file.once('error', (error) => plain.destroy(error)).pipe(plain);
  return plain;
}

/** The first bytes of a file; fewer than `count` if the file is shorter. */
async function firstBytes(path: string, count: number): Promise<Buffer> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
