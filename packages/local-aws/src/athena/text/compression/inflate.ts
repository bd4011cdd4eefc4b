import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import type { Transform } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { bunzip2 } from './bzip2.ts';
import { decompressLz4, decompressSnappy, readHadoopBlocks } from './hadoopBlocks.ts';

/** Bytes of a file that are read at once. */
const PIECE = 1_024 * 1_024;

/** Node's decompressors by the ending of a file's name. Hadoop's `.deflate` has zlib's header. */
const STREAMS: Readonly<Record<string, () => Transform>> = {
  gz: () => createGunzip({ chunkSize: PIECE }),
  zst: () => createZstdDecompress({ chunkSize: PIECE }),
  deflate: () => createInflate({ chunkSize: PIECE }),
};

type Next = () => Uint8Array | undefined;

/** Our decompressors by the ending of a file's name. */
const READERS: Readonly<Record<string, (next: Next) => Iterable<Uint8Array>>> = {
  bz2: bunzip2,
  snappy: (next) => readHadoopBlocks(next, decompressSnappy),
  lz4: (next) => readHadoopBlocks(next, decompressLz4),
};

/**
 * The content of a file in pieces, decompressed as the ending of its name says. Memory does not depend on its size.
 * https://docs.aws.amazon.com/athena/latest/ug/compression-formats.html
 *
 * @param ending Without the dot. With another one than `gz`, `zst`, `deflate`, `bz2`, `snappy`, `lz4` the file is not
 * compressed.
 * @throws Error for a file that cannot be decompressed.
 */
export async function* inflate(path: string, ending: string): AsyncGenerator<Uint8Array> {
  const reader = READERS[ending];
  if (reader !== undefined) {
    yield* inflateBy(path, reader);
    return;
  }
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

async function* inflateBy(
  path: string,
  read: (next: Next) => Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const descriptor = openSync(path, 'r');
  try {
    const next = () => {
      const piece = new Uint8Array(PIECE);
      const count = readSync(descriptor, piece);
      return count === 0 ? undefined : piece.subarray(0, count);
    };
    for (const piece of read(next)) {
      yield piece;
      // Other statements go on meanwhile.
      await setImmediate();
    }
  } finally {
    closeSync(descriptor);
  }
}
