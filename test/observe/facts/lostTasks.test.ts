import { expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../lib/base/time.ts';
import { type DatasetDays, dropDays } from '../../../observe/facts/days/dropDays.ts';
import { withLostTasks } from '../../../observe/facts/lostTasks.ts';
import { ledgerEntry } from '../../harness/ledgerEntry.ts';
import { queueClient } from '../../harness/queueClient.ts';
import { datasetFacts } from '../statusFacts.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const DAY = '2026-11-19';

/** A dataset whose day waits since so many hours. */
function waitingSince(hours: number, more: object = {}): readonly DatasetDays[] {
  const queued = { at: NOW - hours * HOUR_MS, fingerprint: 'f', reason: 'new', ...more };
  const days = [{ day: DAY, entry: ledgerEntry({ day: DAY, state: 'waiting', version: undefined, queued }) }];
  return datasetFacts({}).datasets.map((dataset) => dropDays({ ...dataset, days }));
}

const WAITS = waitingSince(1);
const LOADED = datasetFacts({}).datasets;

it.each<{
  what: string;
  reads?: readonly (readonly DatasetDays[])[];
  queue?: readonly [number, number];
  lost: readonly string[];
}>([
  { what: 'no message is there', lost: [DAY] },
  { what: 'a message waits', queue: [1, 0], lost: [] },
  { what: 'a run has received a message', queue: [0, 1], lost: [] },
  { what: 'the load was requested within the hour', reads: [waitingSince(0.99)], lost: [] },
  { what: 'it waits for a marker', reads: [waitingSince(9, { reason: 'waiting for _SUCCESS' })], lost: [] },
  { what: 'it waits for its files to settle', reads: [waitingSince(9, { reason: 'settling' })], lost: [] },
  { what: 'it was loaded while the queue was asked', reads: [WAITS, LOADED], lost: [] },
])(
  'a day whose load was requested has lost its message: $what',
  async ({ reads = [WAITS], queue = [0, 0], lost }) => {
    const answers = [...reads];
    const found = await withLostTasks(
      { sqs: queueClient(queue), stack: { service: 'sluice', stage: 'prod' }, now: NOW },
      async () => (answers.length > 1 ? answers.shift() : answers[0]) ?? [],
    );
    expect(found.flatMap((dataset) => (dataset.lost ?? []).map(({ day }) => day))).toEqual(lost);
  },
);
