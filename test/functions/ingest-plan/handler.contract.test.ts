import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import { acmeSource, eventsDataset } from '../../harness/configInput.ts';
import { emptyBucket } from '../../harness/emptyBucket.ts';
import { configuredFunction, queueMessage } from '../../harness/lambdaInvoker.ts';
import { startAws } from '../../harness/startAws.ts';

const BUCKET = 'sluice-own';
const DROPS = 'acme-drops';
const DAY = addDays(utcDay(Date.now()), -2);
const aws = await startAws();
for (const bucket of [BUCKET, DROPS]) aws.store.createBucket(bucket);
await aws.store.put(DROPS, `events/${DAY}/a.parquet`, 'rows');
// The bucket of the configuration is another: the handler takes the variable.
const { lines, invoke } = await configuredFunction(
  {
    bucket: 'not-this-one',
    sources: [
      acmeSource({
        owner: '000000000000',
        settleMinutes: 0,
        datasets: [eventsDataset({ expectedBy: { hour: 0 } })],
      }),
    ],
  },
  {
    AWS_ENDPOINT_URL: aws.options.endpoint,
    SLUICE_BUCKET: BUCKET,
    SLUICE_PLAN_QUEUE: aws.addQueue('plan'),
    SLUICE_TASK_QUEUE: aws.addQueue('load'),
    SLUICE_STAGE: 'test',
  },
  () => import('../../../functions/ingest-plan/handler.ts'),
);
afterEach(async () => {
  await emptyBucket(aws.s3, BUCKET);
  for (const queue of ['plan', 'load'] as const) sentTo(queue);
});
afterAll(() => aws.close());

const request = (body: string) => ({ Records: [queueMessage('m1', body)] });
/** The part of one source of a run that began long ago. */
const part = request('{"sluice":"plan","schedule":"daily","sources":["acme"],"run":1}');
const comesAgain = { batchItemFailures: [{ itemIdentifier: 'm1' }] };
const isDone = { batchItemFailures: [] };
/** Takes the messages that were sent to a queue. */
function sentTo(name: 'plan' | 'load'): readonly unknown[] {
  const queue = aws.queues.byName(name);
  return queue.receive(10).map(({ body, receipt }): unknown => {
    queue.delete(receipt);
    return JSON.parse(body);
  });
}

describe('the plan’s handler', () => {
  it('queues no day of a part for which it has no time', async () => {
    expect(await invoke(part, 60_000)).toEqual(comesAgain);
    expect(lines).toMatchObject([{ failed: [{ code: 'SLUICE_INGEST_OUT_OF_TIME' }] }]);
    expect(sentTo('load')).toEqual([]);
  });

  it('queues a day with a file for the load, and keeps it in the ledger of the bucket that a variable names', async () => {
    expect(await invoke(part, 90_000)).toEqual(isDone);
    expect(sentTo('load')).toMatchObject([{ source: 'acme', dataset: 'events', day: DAY, reason: 'new' }]);
    expect(aws.keys(BUCKET, 'ledger/acme/events/')).toEqual([
      `ledger/acme/events/${DAY}.json`,
      'ledger/acme/events/last-look.json',
    ]);
  });

  it('counts the looks of a run, and asks for no further count if none is missing', async () => {
    await invoke(part, 90_000);
    lines.length = 0;
    const before = aws.queues.byName('plan').pending();
    // One dataset was left at the count before, which was the first.
    const tally = request('{"sluice":"tally","schedule":"daily","run":1,"left":1,"round":0}');
    expect(await invoke(tally, 90_000)).toEqual(isDone);
    expect(lines).toMatchObject([
      { event: 'ingest_plan_tally', missing: 0 },
      { function: 'ingest-plan', stage: 'test', datasets_unreadable: 0 },
    ]);
    expect(aws.queues.byName('plan').pending()).toBe(before);
  });

  it('sends itself the part of each source of a run', async () => {
    expect(await invoke(request('{"sluice":"plan","schedule":"daily"}'), 90_000)).toEqual(isDone);
    expect(sentTo('plan')).toMatchObject([
      { sluice: 'plan', schedule: 'daily', sources: ['acme'], run: expect.any(Number) },
    ]);
  });

  it('looks for late drops, and keeps a note of the look', async () => {
    const look = request('{"sluice":"expected","sources":["acme"],"run":1}');
    expect(await invoke(look, 90_000)).toEqual(isDone);
    expect(lines).toMatchObject([{ event: 'ingest_expected' }]);
    expect(aws.keys(BUCKET, 'ledger/acme/events/expected')).toEqual(['ledger/acme/events/expected.json']);
  });

  it.each(['not JSON', '{"sluice":"plan","days":["2026-02-30"]}'])(
    'returns the invalid message %s to its queue, and logs no part of it',
    async (body) => {
      expect(await invoke(request(body))).toEqual(comesAgain);
      expect(lines).toMatchObject([{ code: 'SLUICE_INGEST_MESSAGE_INVALID' }]);
      expect(JSON.stringify(lines)).not.toMatch(/not JSON|2026-02-30/);
    },
  );
});
