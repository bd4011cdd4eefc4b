// One object of the landing, written in a separate process, whose memory can be measured: node bench/land/landOnce.ts <object> <directory>.
import { copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../lib/base/time.ts';
import { engineShare } from '../../lib/lambda/machine.ts';
import type { WriteStore } from '../../lib/landing/write/WriteStore.ts';
import { writeObject } from '../../lib/landing/write/writeObject.ts';
import { viewConfig } from '../views/viewSession.ts';

/** A Lambda with one CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MEGABYTES = 1_769;
const [object = '', directory = ''] = process.argv.slice(2);

/** A bucket on the disk, so that no client and no network is measured. */
const place = (key: string) => join(directory, 'bucket', key);
const store: WriteStore = {
  claim: async () => ({ release: async () => {} }),
  fetch: async (_, path) => {
    copyFileSync(object, path);
    return { eTag: '', bytes: statSync(path).size };
  },
  head: async () => null,
  put: async (key, { body }) => {
    mkdirSync(dirname(place(key)), { recursive: true });
    if (body instanceof Uint8Array) writeFileSync(place(key), body);
    else copyFileSync(body.path, place(key));
    return true;
  },
  remove: async () => 'removed',
  // A batch doesn't call these.
  ...{ read: async () => null, replace: async () => null, write: async () => {}, discard: async () => {} },
  list: async function* () {},
};
const work = join(directory, 'work');
mkdirSync(work, { recursive: true });
const before = process.cpuUsage();
const done = await writeObject(
  'landing/object',
  {
    ...{ config: viewConfig, store, clock: systemClock, directory: work },
    limits: { ...engineShare(MEGABYTES), temporaryDirectory: work },
  },
  { deadline: Number.POSITIVE_INFINITY, claimUntil: Number.POSITIVE_INFINITY },
);
const { user, system } = process.cpuUsage(before);
if (done.outcome !== 'written' || done.account.written !== done.account.rows)
  throw new Error(JSON.stringify(done));
const rssMb = process.resourceUsage().maxRSS / 1_024;
process.stdout.write(
  JSON.stringify({
    rows: done.account.rows,
    cpuMs: (user + system) / 1_000,
    rssMb,
    files: done.account.files.map(place),
  }),
);
