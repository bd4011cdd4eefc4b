import { afterAll, describe, expect, it } from '@jest/globals';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import { acmeSource } from '../../harness/configInput.ts';
import { configuredFunction, queueMessage } from '../../harness/lambdaInvoker.ts';
import { startAws } from '../../harness/startAws.ts';

const BUCKET = 'sluice-own';
const DROPS = 'acme-drops';
const DAY = addDays(utcDay(Date.now()), -2);
const aws = await startAws();
for (const bucket of [BUCKET, DROPS]) aws.store.createBucket(bucket);
await aws.store.put(DROPS, `events/${DAY}/a.parquet`, 'rows');
const { lines, invoke } = await configuredFunction(
  { bucket: 'not-this-one', sources: [acmeSource({ owner: '000000000000', settleMinutes: 0 })] },
  {
    AWS_ENDPOINT_URL: aws.options.endpoint,
    SLUICE_BUCKET: BUCKET,
    SLUICE_PLAN_QUEUE: aws.addQueue('plan'),
    SLUICE_TASK_QUEUE: aws.addQueue('load'),
    SLUICE_STAGE: 'test',
  },
  () => import('../../../functions/ingest-plan/handler.ts'),
);
afterAll(() => aws.close());

const request = (body: string) => ({ Records: [queueMessage('m1', body)] });
/** The part of one source of a run that began long ago. */
const part = request('{"sluice":"plan","schedule":"daily","sources":["acme"],"run":1}');
const tally = request('{"sluice":"tally","schedule":"daily","run":1,"left":1,"round":0}');
const comesAgain = { batchItemFailures: [{ itemIdentifier: 'm1' }] };
const isDone = { batchItemFailures: [] };
const tasks = () => aws.queues.byName('load').receive(10);

describe('the plan’s handler', () => {
  it('begins nothing for which it has no time', async () => {
    expect(await invoke(part, 60_000)).toEqual(comesAgain);
    expect(JSON.stringify(lines)).toContain('SLUICE_INGEST_OUT_OF_TIME');
    expect(tasks()).toEqual([]);
  });

  it('sends a task of a day with files to the load', async () => {
    expect(await invoke(part, 90_000)).toEqual(isDone);
    const sent = tasks().map(({ body }): unknown => JSON.parse(body));
    expect(sent).toMatchObject([{ source: 'acme', dataset: 'events', day: DAY, reason: 'new' }]);
    expect(await invoke(tally, 90_000)).toEqual(isDone);
    expect(lines).toContainEqual(expect.objectContaining({ function: 'ingest-plan', stage: 'test' }));
    const { entries } = aws.store.list(BUCKET, { prefix: 'ledger/acme/events/', limit: 9 });
    expect(entries.length).toBeGreaterThan(0);
    expect(aws.queues.byName('plan').pending()).toBe(0);
  });

  it('sends itself a message for the source of a run', async () => {
    expect(await invoke(request('{"sluice":"plan","schedule":"daily"}'), 90_000)).toEqual(isDone);
    const [sent] = aws.queues.byName('plan').receive(10);
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({ schedule: 'daily', sources: ['acme'] });
  });

  it('returns an invalid message to the queue for the dead-letter queue, and logs no part of it', async () => {
    for (const body of ['not JSON', '{"sluice":"daily"}', '{"sluice":"plan","days":["2026-02-30"]}'])
      expect(await invoke(request(body))).toEqual(comesAgain);
    expect(lines).toHaveLength(3);
    expect(JSON.stringify(lines)).toContain('SLUICE_INGEST_MESSAGE_INVALID');
    expect(JSON.stringify(lines)).not.toMatch(/not JSON|2026-02-30/);
  });
});
