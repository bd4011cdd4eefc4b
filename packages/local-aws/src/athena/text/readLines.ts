import { createReadStream } from 'node:fs';
import type { Transform } from 'node:stream';
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import type { DataFile } from '../engine/dataFiles.ts';
import { notEmulated, StatementError, statementError } from '../engine/StatementError.ts';

/**
 * Bytes of a line. Athena's rows have 32 MB at most, and its lines 200 MB:
 * https://docs.aws.amazon.com/athena/latest/ug/other-notable-limitations.html
 */
const MAX_LINE = 32 * 1_024 * 1_024;

/** Bytes of a file that are read at once. */
const PIECE = 1_024 * 1_024;

/** Decompressors by the ending of a file's name. Hadoop's `.deflate` has zlib's header. */
const STREAMS: Readonly<Record<string, () => Transform>> = {
  gz: () => createGunzip({ chunkSize: PIECE }),
  zst: () => createZstdDecompress({ chunkSize: PIECE }),
  deflate: () => createInflate({ chunkSize: PIECE }),
};

/** Endings of compressions that Athena reads and this does not. */
const REFUSED = new Set(['bz2', 'lz4', 'lzo', 'snappy']);

/**
 * The lines of a text file, in pieces. A line ends with `\n`, `\r` or both. A file is decompressed as the ending of its
 * name says; a byte order mark is dropped.
 *
 * @throws StatementError HIVE_CURSOR_ERROR for a file that cannot be decompressed; HIVE_BAD_DATA for a line that is too
 * long; NOT_SUPPORTED for another compression than gzip, Zstandard and deflate.
 */
export async function* readLines(file: DataFile, signal: AbortSignal): AsyncGenerator<readonly string[]> {
  const ending = /\.(\w+)$/.exec(file.key)?.[1]?.toLowerCase() ?? '';
  if (REFUSED.has(ending))
    throw notEmulated(`Reading text files that are compressed as .${ending}, such as ${locationOf(file)},`);
  const decoder = new TextDecoder();
  // The text after the last line break, in pieces, as a long line may span many of them.
  let open: string[] = [];
  let length = 0;
  let afterReturn = false;
  try {
    for await (const bytes of inflate(file.path, ending)) {
      signal.throwIfAborted();
      let text = decoder.decode(bytes, { stream: true });
      // The second half of a line break.
      if (afterReturn && text.startsWith('\n')) {
        text = text.slice(1);
        afterReturn = false;
      }
      if (text === '') continue;
      afterReturn = text.endsWith('\r');
      const lines = text.split(/\r\n|\n|\r/);
      const rest = lines.pop() ?? '';
      if (lines.length > 0) {
        lines[0] = `${open.join('')}${lines[0]}`;
        open = [];
        length = 0;
        for (const line of lines) {
          // A unit has at most three bytes.
          if (line.length > MAX_LINE / 3) checkLength(Buffer.byteLength(line), file);
        }
        yield lines;
      }
      open.push(rest);
      length += Buffer.byteLength(rest);
      checkLength(length, file);
    }
  } catch (error) {
    if (error instanceof StatementError || signal.aborted) throw error;
    throw statementError('HIVE_CURSOR_ERROR', `Failed to read file at ${locationOf(file)}`, undefined, error);
  }
  const last = `${open.join('')}${decoder.decode()}`;
  if (last !== '') yield [last];
}

/** The content of a file in pieces. Memory does not depend on its size. */
async function* inflate(path: string, ending: string): AsyncGenerator<Uint8Array> {
  const source = createReadStream(path, { highWaterMark: PIECE });
  const plain = STREAMS[ending]?.();
  if (plain === undefined) {
    yield* source;
    return;
  }
  source.on('error', (error) => plain.destroy(error));
  try {
    yield* source.pipe(plain);
  } finally {
    source.destroy();
  }
}

function locationOf({ bucket, key }: DataFile): string {
  return `s3://${bucket}/${key}`;
}

function checkLength(bytes: number, file: DataFile): void {
  if (bytes <= MAX_LINE) return;
  throw statementError(
    'HIVE_BAD_DATA',
    `Line too long in text file: ${locationOf(file)}. A row has at most 32 MB`,
  );
}
