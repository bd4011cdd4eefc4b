// One object of the landing, in a separate process, whose memory can be measured: node bench/land/landOnce.ts <object> <directory>.
import { createReadStream, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../lib/base/time.ts';
import { engineShare } from '../../lib/lambda/machine.ts';
import { type Writer, writeObjects } from '../../lib/landing/write/writeObjects.ts';
import { viewConfig } from '../views/viewSession.ts';

/** A Lambda with one CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MEGABYTES = 1_769;
const [object = '', directory = ''] = process.argv.slice(2);

/** A bucket on the disk, so that no client and no network is measured. */
const files: string[] = [];
const store: Writer['store'] = {
  open: async () => ({ body: createReadStream(object), eTag: '', bytes: statSync(object).size }),
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
const before = process.cpuUsage();
const done = await writeObjects(
  [['landing/object.ndjson.gz']],
  {
    ...{ config: viewConfig, store, clock: systemClock, directory: work, log: () => {} },
    limits: { ...engineShare(MEGABYTES), temporaryDirectory: work },
  },
  { deadline: Number.POSITIVE_INFINITY },
);
const { user, system } = process.cpuUsage(before);
if (done.objects.written !== 1 || done.refused > 0) throw new Error(JSON.stringify(done));
const rssMb = process.resourceUsage().maxRSS / 1_024;
process.stdout.write(JSON.stringify({ rows: done.rows, cpuMs: (user + system) / 1_000, rssMb, files }));
