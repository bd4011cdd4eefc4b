// The core of export at its limits, in a process with the function's heap: the plan of exports of days with the most files, and the
// copy of one, whose folder at the customer has as many objects as it may.

import { Readable } from 'node:stream';
import { systemTiming } from '../../../lib/base/retry.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { exportMessages } from '../../../lib/export/exportMessages.ts';
import type { LandedTable } from '../../../lib/export/LandedTable.ts';
import { MOST_FILE_PAGES, MOST_TARGET_PAGES, PARALLEL_EXPORTS } from '../../../lib/export/limits.ts';
import { exportLooks } from '../../../lib/export/planExports.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { ledgerStore, listedEntries } from '../../../lib/ledger/ledgerStore.ts';
import { exportedDayFolder, exportedFile } from '../../../lib/tables/exportKeys.ts';
import { EXPORTS_LEDGER } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { ledgerEntry } from '../../harness/ledgerEntry.ts';
import { LargeFolders, landedName } from './LargeFolders.ts';

const NOW = Date.UTC(2026, 10, 20, 9);
const DAY = '2026-11-19';
const FILES = MOST_FILE_PAGES * 1_000;

const config = defineConfig({
  bucket: 'acme-experiments',
  exports: Array.from({ length: PARALLEL_EXPORTS }, (_, i) => ({
    name: `copy-${i}`,
    table: 'statsig_forwarded_events',
    lookbackDays: 1,
    target: { bucket: 'acme-copies', owner: '111122223333' },
  })),
});
const fileOf = (folder: string, number: number, eTag: string) => {
  return {
    key: `${folder}${landedName(number)}`,
    size: 1_000,
    eTag: `"${eTag.padEnd(32, '0')}"`,
    modifiedAt: 0,
  };
};
const files = (eTag: string) =>
  Array.from({ length: FILES }, (_, i) => fileOf(dayFolder(config, 'events', DAY), i, eTag));
const [copied] = config.exports;
if (copied === undefined) throw new Error('No export.');
const before = files('old').map((file) => {
  return { ...file, fate: 'loaded' as const, detail: exportedFile(file) };
});
const entry = JSON.stringify(
  ledgerEntry({ source: EXPORTS_LEDGER, dataset: 'DATASET', table: copied.table, day: DAY, files: before }),
);
// A handler has them as the text of the entry alone: they must not count in the heap that is measured.
before.length = 0;
const store = new LargeFolders([], (key) => {
  const [, dataset, day] = /^ledger\/exports\/([^/]+)\/([\d-]+)\.json$/.exec(key) ?? [];
  return dataset === undefined || day === undefined
    ? null
    : entry.replace('DATASET', dataset).replace(`"day":"${DAY}"`, `"day":"${day}"`);
});
const table: LandedTable = {
  isRaw: true,
  isPast: () => false,
  locations: async (days) => new Map(days.map((day) => [day, dayFolder(config, 'events', DAY)])),
  files: async () => files('new'),
  read: async () => Readable.from([]),
};
const targetFolder = exportedDayFolder(copied, DAY);
const lines: Readonly<Record<string, unknown>>[] = [];
let written = 0;
const clock = { now: () => NOW };
const messages = [
  { sluice: 'export' },
  { sluice: 'export-day', export: 'copy-0', day: DAY, fingerprint: 'f', reason: 'new' },
];
await exportMessages(
  {
    exports: config.exports,
    ledger: new Ledger({ store: ledgerStore(store), newToken: () => 't', ...systemTiming, clock }),
    clock,
    looks: exportLooks(store),
    entriesOf: listedEntries(store),
    tableOf: () => table,
    targetOf: () => ({
      async list() {
        const there = new Map<string, number>();
        // The files of the day are there, those of its last export, which are kept, and as many others as fit.
        for (const file of [...files('new'), ...files('old')])
          there.set(targetFolder + exportedFile(file), file.size);
        for (let i = there.size; i < MOST_TARGET_PAGES * 1_000; i += 1)
          there.set(`${targetFolder}${i}-${landedName(i)}`, 1_000);
        return there;
      },
      listDays: async () => new Set(),
      write: async () => {},
      async writeJson(_, text) {
        const manifest: { readonly files: readonly unknown[] } = JSON.parse(text);
        written = manifest.files.length;
      },
      remove: async () => {},
      abortUploads: async () => 0,
    }),
    tasks: { send: async () => {} },
    newOwner: () => 'me',
    stage: 'test',
    deadline: Number.POSITIVE_INFINITY,
    leaseUntil: NOW + 60_000,
    log: (line) => lines.push(line),
  },
  messages.map((message, i) => ({ messageId: String(i), body: JSON.stringify(message), receives: 1 })),
);
const fieldOf = (event: string, field: string) => lines.find((line) => line['event'] === event)?.[field];
const answer = { queued: fieldOf('export_run', 'queued'), outcome: fieldOf('export', 'outcome'), written };
process.stdout.write(JSON.stringify(answer));
