import type { SQSClient } from '@aws-sdk/client-sqs';
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

/** The days of which {@link withLostTasks} says that nothing asks for their load. @param again What the ledger answers when it is read again. */
async function lostOf(sqs: SQSClient, seen: readonly DatasetDays[], again = seen) {
  const found = await withLostTasks(
    { sqs, stack: { service: 'sluice', stage: 'prod' }, now: NOW },
    seen,
    async () => again,
  );
  return found.flatMap((dataset) => (dataset.lost ?? []).map(({ day }) => day));
}

it('a day whose load was requested an hour ago is lost if no message is there', async () => {
  expect(await lostOf(queueClient([0, 0]), WAITS)).toEqual([DAY]);
});

it.each<{
  readonly what: string;
  readonly seen?: readonly DatasetDays[];
  readonly again?: readonly DatasetDays[];
  readonly queues?: SQSClient;
}>([
  { what: 'a message waits', queues: queueClient([0, 0], { 'ingest-load': [1, 0] }) },
  { what: 'a run has received a message', queues: queueClient([0, 0], { 'ingest-load': [0, 1] }) },
  { what: 'a message is a dead letter', queues: queueClient([0, 0], { 'ingest-load-dead-letters': [1, 0] }) },
  { what: 'there is no queue', queues: queueClient([0, 0], { 'ingest-load': null }) },
  { what: 'the load was requested within the hour', seen: waitingSince(0.99) },
  { what: 'it waits for a marker', seen: waitingSince(9, { reason: 'waiting for _SUCCESS' }) },
  { what: 'it waits for its files to settle', seen: waitingSince(9, { reason: 'settling' }) },
  { what: 'it was loaded while the queue was asked', again: LOADED },
])('a day is not lost while $what', async ({ seen = WAITS, again, queues = queueClient([0, 0]) }) => {
  expect(await lostOf(queues, seen, again)).toEqual([]);
});
