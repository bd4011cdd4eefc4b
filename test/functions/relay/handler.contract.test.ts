import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { systemTiming } from '../../../lib/base/retry.ts';
import { DAY_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import { writeRelayCopy, writeRelayedKey } from '../../../lib/relay/RelayCopy.ts';
import { relayId, relayWaitingKey } from '../../../lib/tables/relayKeys.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { configuredFunction, queueMessage } from '../../harness/lambdaInvoker.ts';
import { recordingTarget, status, taken } from '../../harness/recordingTarget.ts';
import { startAws } from '../../harness/startAws.ts';

const BUCKET = 'sluice-relayed';
/** The clock of the queues. */
const clock = new ManualClock(Date.now());
const aws = await startAws({ clock });
const target = await recordingTarget();
aws.store.createBucket(BUCKET);
const { lines, invoke } = await configuredFunction(
  { bucket: 'not-this-one', relay: { url: target.url, headers: { 'X-Token': 'ours' } } },
  {
    AWS_ENDPOINT_URL: aws.options.endpoint,
    SLUICE_BUCKET: BUCKET,
    SLUICE_RELAY_QUEUE: aws.addQueue('relay'),
    SLUICE_RELAY_DEAD_LETTERS: aws.addQueue('relay-dead-letters'),
    SLUICE_STAGE: 'test',
  },
  () => import('../../../functions/relay/handler.ts'),
);
// The handler draws from it at each invocation.
beforeEach(() => void jest.spyOn(systemTiming, 'random').mockReturnValue(0.9));
afterEach(() => {
  target.behave(taken);
  target.recorded.length = 0;
  empty();
});
afterAll(async () => {
  await target.close();
  await aws.close();
});
const relayed = aws.queues.byName('relay');
const buried = aws.queues.byName('relay-dead-letters');
function empty(): void {
  relayed.reveal();
  for (const { receipt } of relayed.receive(10)) relayed.delete(receipt);
}

const id = relayId(Date.now(), 'a'.repeat(24));
/** A copy of a request with an SDK key. */
const copyOf = (key: string) =>
  writeRelayCopy({
    id,
    keptAt: Date.now(),
    path: '/v1/rgstr',
    query: `k=${key}`,
    headers: {},
    body: Buffer.from('{"events":[]}'),
  });
const copy = copyOf('client-a');
const keys = () => aws.keys(BUCKET);

/** A message of the queue as SQS delivers it: received that often, and sent that long ago. */
function received(body: string, receives = 1, ageMs = 0) {
  relayed.send(body);
  const [message] = relayed.receive(1);
  const { attributes, ...more } = queueMessage('m', body, receives);
  return {
    ...more,
    receiptHandle: message?.receipt ?? '',
    attributes: { ...attributes, SentTimestamp: String(Date.now() - ageMs) },
  };
}
const stays = { batchItemFailures: [{ itemIdentifier: 'm' }] };
const settled = { batchItemFailures: [] };

describe('relay', () => {
  it('delivers copies of its messages, and of objects of the bucket, which go', async () => {
    const waiting = relayWaitingKey(id);
    await aws.store.put(BUCKET, waiting, copy);
    for (const body of [copy, writeRelayedKey(waiting)])
      expect(await invoke({ Records: [received(body)] })).toEqual(settled);
    expect(keys()).toEqual([]);
    const request = { method: 'POST', url: '/v1/rgstr?k=client-a' };
    expect(target.recorded).toMatchObject([request, request]);
    expect(target.recorded[0]?.headers).toMatchObject({ 'x-token': 'ours' });
    expect(lines).toContainEqual(expect.objectContaining({ event: 'relay', relayed: 1 }));
    expect(lines).toContainEqual(expect.objectContaining({ function: 'relay', stage: 'test' }));
  });

  it('begins no copy that it could not see through: it would be sent again', async () => {
    expect(await invoke({ Records: [received(copy)] }, 24_000)).toEqual(stays);
    expect(target.recorded).toEqual([]);
    expect(relayed.counts()).toMatchObject({ visible: 0, inFlight: 1 });
    expect(await invoke({ Records: [received(copy)] }, 40_000)).toEqual(settled);
    expect(target.recorded).toHaveLength(1);
  });

  it('hides what the target did not take six times for 20 to 33 minutes', async () => {
    target.behave(status(500));
    expect(await invoke({ Records: [received(copy, 6)] })).toEqual(stays);
    clock.advance(20 * MINUTE_MS);
    expect(relayed.counts()).toMatchObject({ visible: 0, inFlight: 1 });
    clock.advance(13 * MINUTE_MS);
    expect(relayed.counts()).toMatchObject({ visible: 1, inFlight: 0 });
  });

  it('puts aside what the target has not taken for six and a half days', async () => {
    target.behave(status(500));
    expect(await invoke({ Records: [received(copy, 7, 6.5 * DAY_MS)] })).toEqual(settled);
    expect(keys()).toEqual([expect.stringMatching(/^relay\/refused\/expired\//)]);
  });

  it('pauses a key whose project is at its limit, also in later invocations', async () => {
    target.behave(status(429));
    const limited = copyOf('client-limited');
    for (const _ of [1, 2]) expect(await invoke({ Records: [received(limited)] })).toEqual(stays);
    expect(target.recorded).toHaveLength(1);
  });

  it('puts bodies that it does not know on the dead-letter queue', async () => {
    expect(await invoke({ Records: [received('no copy')] })).toEqual(settled);
    expect(target.recorded).toEqual([]);
    expect(buried.receive(10)).toMatchObject([{ body: 'no copy' }]);
  });

  it.each([
    { what: 'without messages', event: {} },
    { what: 'whose message has neither a receipt nor a time', event: { Records: [queueMessage('m', copy)] } },
  ])('rejects an event $what', async ({ event }) => {
    await expect(invoke(event)).rejects.toMatchObject({ code: 'SLUICE_LAMBDA_INVOCATION_UNKNOWN' });
  });
});
