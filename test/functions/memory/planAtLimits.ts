// The core of ingest-plan at its limits, in a process with the function's heap: datasets of one source that are planned side by
// side, each with as many files as one check takes.

import { systemTiming } from '../../../lib/base/retry.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { DropObject } from '../../../lib/drops/CustomerBucket.ts';
import { MAX_OBJECTS } from '../../../lib/drops/limits.ts';
import { lastListings } from '../../../lib/drops/plan/lastListings.ts';
import { lateNotes } from '../../../lib/drops/plan/late/lateNotes.ts';
import { planMessages } from '../../../lib/drops/plan/planMessages.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { ManyFiles } from './ManyFiles.ts';

const NOW = Date.UTC(2026, 10, 20, 9);
const DAYS = ['2026-11-19', '2026-11-20'];
/** As many files as one check takes, nearly all on one day. */
const filesOf = (day: string) => (day === DAYS[0] ? MAX_OBJECTS - 10 : 10);

const config = defineConfig({
  bucket: 'acme-experiments',
  sources: [
    {
      name: 'acme',
      bucket: 'acme-drops',
      owner: '111122223333',
      datasets: Array.from({ length: 2 }, (_, i) => ({
        name: `d${i}`,
        kind: 'events' as const,
        lookbackDays: 1,
      })),
    },
  ],
});
// One dataset was loaded before, of as many files.
const store = new ManyFiles((dataset, day) => (dataset === 'd0' ? filesOf(day) : 0));
const clock = { now: () => NOW };
const outcomes: unknown[] = [];
await planMessages(
  {
    sources: config.sources,
    stage: 'test',
    clock,
    ledger: new Ledger({ store: ledgerStore(store), newToken: () => 't', ...systemTiming, clock }),
    bucketOf: (_, dataset) => ({
      async list({ prefix, next = '0', delimiter }) {
        const day = DAYS.find((listedDay) => prefix.includes(listedDay));
        if (day === undefined || delimiter !== undefined) return { objects: [], next: undefined };
        const from = Number(next);
        const most = filesOf(day);
        const to = Math.min(from + 1_000, most);
        const objects: DropObject[] = [];
        // Other files than the ledger knows.
        for (let i = from; i < to; i += 1)
          objects.push({ ...ManyFiles.file(dataset.name, day, i, 'new'), lastModified: new Date(0) });
        return { objects, next: to < most ? String(to) : undefined };
      },
    }),
    looks: lastListings(store),
    lateNotes: lateNotes(store),
    tasks: { send: async () => {} },
    requests: { send: async () => {} },
    log: ({ queued, failed }) => outcomes.push({ queued: Object(queued).length, failed }),
    deadline: Number.POSITIVE_INFINITY,
  },
  [{ messageId: '0', body: JSON.stringify({ sluice: 'plan' }), receives: 1 }],
);
process.stdout.write(JSON.stringify(outcomes[0]));
