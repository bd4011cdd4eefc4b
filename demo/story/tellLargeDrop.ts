import { setTimeout as pause } from 'node:timers/promises';
import { dayText } from '../../cli/ingest/dayText.ts';
import { addDays, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { explainDay } from '../../observe/ingest/explainDay.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import type { Customer } from './Customer.ts';
import { advanceClock, heading, type Story, say } from './Story.ts';

/** More rows than `lambdaLimit` of the demo's dataset, which stands for a day that fills the disk of a function. */
const ROWS = 1_200;
const DATASET = 'plays';
/** Queries of Athena run beside the schedule, so the day is looked at again until it has settled. */
const MOST_LOOKS = 300;
const PAUSE_MS = 100;

/**
 * A customer delivers a day with more rows than one function may load. Athena loads it.
 *
 * @param begin The time of the local cloud, ISO 8601.
 * @returns The time of the local cloud at the end.
 */
export async function tellLargeDrop(story: Story, customer: Customer, begin: string): Promise<string> {
  const { cloud, checks, config } = story;
  const source = config.sources.find(({ datasets }) => datasets.some(({ name }) => name === DATASET));
  const dataset = source?.datasets.find(({ name }) => name === DATASET);
  if (source === undefined || dataset === undefined) throw new Error(`No dataset ${DATASET}.`);
  const day = addDays(utcDay(Date.parse(begin)), -1);
  heading('13. A drop is too large for one function');
  await customer.drop(
    source.bucket,
    `${dataset.folder}/${day}/plays.parquet`,
    `SELECT TIMESTAMP '${day} 00:00:00' + INTERVAL (range) MINUTE AS "timestamp", 'play' AS event_name,
       'listener-' || (range % 40) AS unit_id, range AS value FROM range(${ROWS})`,
  );
  say(
    `The customer delivers ${ROWS} rows. The demo lets a function load ${dataset.lambdaLimit?.rows}, so that Athena does it.\n`,
  );
  const end = await advanceClock(story, `${utcDay(Date.parse(begin))}T12:00:00Z`);
  const entry = await settledDay(story, source.name, day);
  say(`\`sluice ingest explain\` shows\n${dayText(entry)}`);
  checks.equal('the state of the large day', entry.state, 'succeeded');
  checks.equal('it went by Athena', entry.athena !== undefined, true);
  const [loaded] = await runQuery(cloud.data, `SELECT count(*) AS n FROM ${dataset.table}`);
  checks.equal('its rows', Number(loaded?.['n']), ROWS);
  return end;
}

async function settledDay({ cloud, config, witness }: Story, source: string, day: UtcDay) {
  for (let looks = 1; ; looks += 1) {
    await cloud.flush();
    const entry = await explainDay({ s3: witness.s3, config }, { source, dataset: DATASET, day });
    if (!['waiting', 'loading'].includes(entry.state) || looks === MOST_LOOKS) return entry;
    await pause(PAUSE_MS);
  }
}
