// Objects of the landing, in a separate process.
import { createReadStream, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { systemTiming } from '../../lib/base/retry.ts';
import { systemClock } from '../../lib/base/time.ts';
import { engineShare } from '../../lib/lambda/machine.ts';
import { type Writer, writeObjects } from '../../lib/landing/write/writeObjects.ts';
import { benchConfig, WRITER_MEGABYTES } from '../benchConfig.ts';
import { measureWork, readRequest } from '../measure.ts';

/** Milliseconds that have to be left when a round is begun: lib/landing/write/writeObjects.ts */
const ROUND_MS = 180_000;

/** Objects that the writer is given. */
export interface ObjectsRequest {
  /** Path of a file with the bytes of an object. */
  readonly object: string;
  /** Folder for what is written; made if it does not exist. */
  readonly directory: string;
  /** How many objects there are. Default: one. */
  readonly objects?: number;
  /** How often each has the bytes of the file. Default: once. */
  readonly repeats?: number;
  /** Seconds after which no round is begun. Default: all objects are written. */
  readonly seconds?: number;
}

const request = await readRequest<ObjectsRequest>();
const { object, directory, objects = 1, repeats = 1, seconds = Number.POSITIVE_INFINITY } = request;
const fileBytes = statSync(object).size;

/** The bytes from one place to another of an object that repeats a file without end. */
async function* bytesOf(first: number, last: number): AsyncGenerator<Buffer> {
  for (let at = first; at <= last; ) {
    const start = at % fileBytes;
    const end = Math.min(fileBytes - 1, start + last - at);
    yield* createReadStream(object, { start, end });
    at += end - start + 1;
  }
}

/** A bucket on the disk, so that no client and no network is measured. */
const store: Writer['store'] = {
  open: async (_key, { range: { first, last } = { first: 0, last: repeats * fileBytes - 1 } } = {}) => {
    const bytes = last - first + 1;
    return { body: Readable.from(bytesOf(first, last)), eTag: '', modifiedAt: 0, bytes };
  },
  read: async () => null,
  write: async (key, body) => {
    const path = join(directory, 'bucket', key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, body);
    return '';
  },
  removeAll: async () => ({ left: [], gone: [] }),
  listPage: async () => ({ items: [], next: undefined }),
};
const work = join(directory, 'work');
mkdirSync(work, { recursive: true });
await measureWork(async () => {
  const done = await writeObjects(
    [Array.from({ length: objects }, (_, i) => `landing/object-${i}.ndjson.gz`)],
    {
      config: benchConfig,
      store,
      ...systemTiming,
      stage: 'bench',
      directory: work,
      log: () => {},
      limits: { ...engineShare(WRITER_MEGABYTES), temporaryDirectory: work },
    },
    { deadline: systemClock.now() + ROUND_MS + seconds * 1_000 },
  );
  const isWhole = done.objects.written === objects || seconds < Number.POSITIVE_INFINITY;
  if (!isWhole || done.refused > 0) throw new Error(JSON.stringify(done));
  return { rows: done.rows };
});
