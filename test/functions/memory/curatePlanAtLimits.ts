// The core of curate-plan at its limits, in a process with the function's heap: days with as many raw files as a day may have, all of
// which the ledger names with another ETag, so that each is compared.

import { systemTiming } from '../../../lib/base/retry.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { curatedShape, curatedTables } from '../../../lib/curate/curatedTables.ts';
import { listedDays } from '../../../lib/curate/ListedDays.ts';
import { MOST_RAW_FILES } from '../../../lib/curate/limits.ts';
import { CHECK_RUN } from '../../../lib/curate/messageBodies.ts';
import { planMessages } from '../../../lib/curate/planMessages.ts';
import { rawDays } from '../../../lib/curate/RawDays.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { curatedSubject, ledgerDay, ledgerKey } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { landingOf } from '../../harness/ComputedObjects.ts';
import { ledgerEntry } from '../../harness/ledgerEntry.ts';
import { LargeFolders, landedName } from './LargeFolders.ts';

const NOW = Date.UTC(2026, 10, 20, 2);
const DAYS = ['2026-11-16', '2026-11-17'];
const VERSION = '20261118T020000000Z-00000000';

/** Stands for a day in an entry of the ledger, of which one text is made: it has megabytes. */
const ANY_DAY = '0000-00-00';
/** The nightly run. */
const NIGHT_RUN = 'curate';

const config = defineConfig({ bucket: 'acme-experiments' });
const shape = curatedShape(curatedTables(config).events);
const subject = curatedSubject(config, 'events', '');
const entry = JSON.stringify(
  ledgerEntry({
    ...subject,
    day: ANY_DAY,
    version: VERSION,
    filesWritten: ['rows.parquet'],
    curated: {
      shape,
      inputs: Array.from({ length: MOST_RAW_FILES }, (_, number) => {
        return { name: landedName(number), eTag: `"old${String(number).padStart(29, '0')}"` };
      }),
    },
  }),
);
const store = new LargeFolders(
  DAYS.map((day) => ({
    prefix: dayFolder(config, 'events', day),
    count: MOST_RAW_FILES,
    object: (number) => ({
      key: `${dayFolder(config, 'events', day)}${landedName(number)}`,
      size: 1_000,
      eTag: `"new${String(number).padStart(29, '0')}"`,
      modifiedAt: 0,
    }),
  })),
  (key) => {
    const day = ledgerDay('curated', 'events', key);
    if (day === null) return null;
    return entry.replace(ANY_DAY, day);
  },
);
// A computed folder answers for its own prefix alone: one object of each day makes lists of days name it, and its entry.
for (const day of DAYS) {
  await store.write(`${dayFolder(config, 'events', day)}x`, '');
  await store.write(ledgerKey(subject.source, subject.dataset, day), '');
}
const listed = listedDays(store);
const list = DAYS.map((day) => [day, { version: VERSION, shape, fingerprint: 'old' }] as const);
await listed.write('events', Object.fromEntries(list), null);
const clock = { now: () => NOW };
const deadline = Number.POSITIVE_INFINITY;
const sent: string[] = [];
const { batchItemFailures } = await planMessages(
  {
    config,
    bucket: config.bucket,
    stage: 'test',
    raw: rawDays(store, config, { ...systemTiming, clock, deadline }),
    landing: landingOf(store),
    ledger: new Ledger({ store: ledgerStore(store), newToken: () => 't', ...systemTiming, clock }),
    views: {
      read: async () => null,
      partitions: async (table) => ({
        items: DAYS.flatMap((day) =>
          table === subject.table
            ? [{ day, location: `s3://${config.bucket}/${versionPrefix(config, table, day, VERSION)}` }]
            : [],
        ),
        next: undefined,
      }),
    },
    listed,
    tasks: { send: async (bodies) => void sent.push(...bodies) },
    ...systemTiming,
    clock,
    deadline,
    log: (line) => {
      if (line['level'] === 'error') process.stderr.write(`${JSON.stringify(line)}\n`);
    },
  },
  [CHECK_RUN, NIGHT_RUN].map((sluice, i) => {
    return { messageId: String(i), body: JSON.stringify({ sluice }), receives: 1 };
  }),
);
// Each of the two runs queues both days.
process.stdout.write(JSON.stringify({ failed: batchItemFailures.length, queued: sent.length }));
