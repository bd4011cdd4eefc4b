// One object of the landing, in a separate process.
import { createReadStream, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../lib/base/time.ts';
import { engineShare } from '../../lib/lambda/machine.ts';
import { type Writer, writeObjects } from '../../lib/landing/write/writeObjects.ts';
import { measured, requested } from '../measure.ts';
import { viewConfig } from '../views/viewSession.ts';

/** A Lambda with one CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MEGABYTES = 1_769;
const { object, directory } = await requested<{ object: string; directory: string }>();

/** A bucket on the disk, so that no client and no network is measured. */
const files: string[] = [];
const store: Writer['store'] = {
  open: async () => ({
    body: createReadStream(object),
    eTag: '',
    modifiedAt: 0,
    bytes: statSync(object).size,
  }),
  read: async () => null,
  write: async (key, body) => {
    const path = join(directory, 'bucket', key);
    files.push(path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, body);
    return '';
  },
  removeAll: async () => [],
  listPage: async () => ({ items: [], folders: [], next: undefined }),
};
const work = join(directory, 'work');
mkdirSync(work, { recursive: true });
await measured(async () => {
  const done = await writeObjects(
    [['landing/object.ndjson.gz']],
    {
      ...{ config: viewConfig, store, clock: systemClock, directory: work, log: () => {} },
      limits: { ...engineShare(MEGABYTES), temporaryDirectory: work },
    },
    { deadline: Number.POSITIVE_INFINITY },
  );
  if (done.objects.written !== 1 || done.refused > 0) throw new Error(JSON.stringify(done));
  return { rows: done.rows, files };
});
