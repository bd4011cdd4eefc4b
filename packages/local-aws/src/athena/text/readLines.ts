import { createReadStream } from 'node:fs';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { DataFile } from '../engine/dataFiles.ts';
import { notEmulated, StatementError, statementError } from '../engine/StatementError.ts';

/** Characters of a line. Trino refuses longer ones (`hive.max-line-length` of 100 MB). */
const MAX_LINE = 100 * 1_024 * 1_024;
/** Bytes of a file that are read at once. */
const PIECE = 1_024 * 1_024;

/** The compressions by the ending of a file's name that are not emulated. */
const REFUSED: Readonly<Record<string, string>> = {
  bz2: 'BZIP2',
  lz4: 'LZ4',
  lzo: 'LZO',
  snappy: 'SNAPPY',
  deflate: 'DEFLATE',
};

/**
 * The lines of a text file, in pieces. A line ends with `\n`, `\r` or both. A file whose name ends with `.gz` or `.zst`
 * is decompressed; a byte order mark is dropped.
 *
 * @throws StatementError HIVE_CURSOR_ERROR for a file that cannot be decompressed; for a line that is too long; for
 * other compressions.
 */
export async function* readLines(file: DataFile, signal: AbortSignal): AsyncGenerator<readonly string[]> {
  const ending = /\.(\w+)$/.exec(file.key)?.[1]?.toLowerCase() ?? '';
  const refused = REFUSED[ending];
  if (refused !== undefined)
    throw notEmulated(`Reading files compressed with ${refused}, such as ${locationOf(file)},`);
  const decoder = new TextDecoder();
  // What follows the last line break, in pieces, as a long line may span many of them.
  let open: string[] = [];
  let length = 0;
  let afterReturn = false;
  try {
    for await (const bytes of contentOf(file.path, ending)) {
      signal.throwIfAborted();
      let text = decoder.decode(bytes, { stream: true });
      // The second half of a line break.
      if (afterReturn && text.startsWith('\n')) text = text.slice(1);
      if (text === '') continue;
      afterReturn = text.endsWith('\r');
      const lines = text.split(/\r\n|\n|\r/);
      const rest = lines.pop() ?? '';
      if (lines.length > 0) {
        lines[0] = `${open.join('')}${lines[0]}`;
        open = [];
        length = 0;
        yield lines;
      }
      open.push(rest);
      length += rest.length;
      if (length > MAX_LINE)
        throw statementError('HIVE_BAD_DATA', `Line too long in text file: ${locationOf(file)}`);
    }
  } catch (error) {
    if (error instanceof StatementError || signal.aborted) throw error;
    throw statementError('HIVE_CURSOR_ERROR', `Failed to read file at ${locationOf(file)}`, undefined, error);
  }
  const last = `${open.join('')}${decoder.decode()}`;
  if (last !== '') yield [last];
}

function locationOf({ bucket, key }: DataFile): string {
  return `s3://${bucket}/${key}`;
}

async function* contentOf(path: string, ending: string): AsyncGenerator<Uint8Array> {
  const source = createReadStream(path, { highWaterMark: PIECE });
  if (ending !== 'gz' && ending !== 'zst') {
    yield* source;
    return;
  }
  const plain =
    ending === 'gz' ? createGunzip({ chunkSize: PIECE }) : createZstdDecompress({ chunkSize: PIECE });
  source.on('error', (error) => plain.destroy(error));
  try {
    yield* source.pipe(plain);
  } finally {
    source.destroy();
  }
}
