import { afterAll, describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../../lib/base/time.ts';
import { readDeadFailure } from '../../../../../observe/facts/flow/failures/deadFailure.ts';
import { startLogs } from '../../../startLogs.ts';

const started = await startLogs();
afterAll(() => started.close());

describe('a dead letter', () => {
  /** Of loads, whose messages are hidden for an hour and a half. */
  const QUEUE = 'sluice-prod-ingest-load-dead-letters';
  const HIDDEN = 90 * MINUTE_MS;
  const visible = (messages: number) =>
    started.count('AWS/SQS', 'ApproximateNumberOfMessagesVisible', messages, ['QueueName', QUEUE]);
  const deadLetters = (messages: number, since: number) => ({
    part: 'ingest-load' as const,
    queue: QUEUE,
    arn: 'arn:aws:sqs:x:1:q',
    messages,
    since: new Date(since).toISOString(),
  });
  const why = (messages: number, since: number) =>
    readDeadFailure(started.deploymentNow(), deadLetters(messages, since));
  const fail = (code: string) => started.errorLog('ingest-load')({ event: 'ingest_load', code });
  /** The last try of a message fails long after those of all others. */
  const failOnce = () => {
    started.clock.advance(4 * HIDDEN);
    fail('SLUICE_LOAD_A');
    started.clock.advance(HIDDEN);
  };

  it('failed with the error of its last try, not with a later one of another message', async () => {
    failOnce();
    const since = started.clock.now();
    fail('SLUICE_LOAD_LATER');
    started.wait(1);
    expect(await why(1, since)).toMatchObject({ kind: 'error', code: 'SLUICE_LOAD_A' });
  });

  it('is not told from another message whose try failed at the same time', async () => {
    started.clock.advance(4 * HIDDEN);
    fail('SLUICE_LOAD_A');
    fail('SLUICE_LOAD_B');
    started.clock.advance(HIDDEN);
    expect(await why(1, started.clock.now())).toBeNull();
  });

  const failByKey = (code: string, message: string) =>
    started.errorLog('ingest-load')({ event: 'ingest_load', code, message });

  it('failed by a key, whose refusal each step of the run logs with another code', async () => {
    started.clock.advance(4 * HIDDEN);
    failByKey('SLUICE_LOAD_BUCKET_FAILED', 'a.json: KMS.DisabledException: k is disabled.');
    failByKey('SLUICE_INGEST_LEDGER_UNAVAILABLE', 'b.json: KMS.DisabledException: k is disabled.');
    started.clock.advance(HIDDEN);
    const since = started.clock.now();
    expect(await why(1, since)).toMatchObject({ isByKey: true });
    failByKey('SLUICE_LOAD_CATALOG_FAILED', 'KMS.DisabledException: k is disabled.');
    visible(1);
    started.clock.advance(HIDDEN);
    visible(2);
    expect(await why(2, since)).toMatchObject({ isByKey: true });
    // The newest of them failed otherwise: enabling the key does not end that.
    fail('SLUICE_LOAD_B');
    started.clock.advance(HIDDEN);
    visible(3);
    expect(await why(3, since)).toMatchObject({ isByKey: false, code: null });
  });

  it('failed by a key, also just now, while no metric has its age, and by nothing else then', async () => {
    const now = async () => {
      started.clock.advance(HIDDEN);
      return readDeadFailure(started.deploymentNow(), { ...deadLetters(1, 0), since: null });
    };
    started.clock.advance(4 * HIDDEN);
    fail('SLUICE_LOAD_A');
    expect(await now()).toBeNull();
    started.clock.advance(4 * HIDDEN);
    failByKey('SLUICE_LOAD_BUCKET_FAILED', 'a.json: KMS.DisabledException: k is disabled.');
    expect(await now()).toMatchObject({ isByKey: true });
  });

  it('never ran if Lambda throttled its last try, also if one failed before', async () => {
    started.clock.advance(4 * HIDDEN);
    fail('SLUICE_LOAD_A');
    started.wait(10);
    started.throttle('ingest-load', 1);
    started.clock.advance(HIDDEN);
    expect(await why(1, started.clock.now())).toMatchObject({ kind: 'throttled' });
  });

  it('failed as the oldest did, where the log does not tell of the newest', async () => {
    failOnce();
    const since = started.clock.now();
    visible(1);
    started.clock.advance(4 * HIDDEN);
    visible(2);
    expect(await why(2, since)).toMatchObject({
      code: null,
      text: expect.stringMatching(/SLUICE_LOAD_A\. The log does not tell of the newest\.$/),
    });
  });

  it('failed as the oldest and as the newest did, if their errors differ', async () => {
    failOnce();
    const since = started.clock.now();
    visible(1);
    fail('SLUICE_LOAD_B');
    started.clock.advance(HIDDEN);
    visible(2);
    // One of them is gone by then: the oldest alone is left.
    expect(await why(1, since)).toMatchObject({ code: 'SLUICE_LOAD_A' });
    const both = await why(2, since);
    expect(both?.code).toBeNull();
    expect(both?.text).toMatch(/SLUICE_LOAD_A\. The newest of them failed last at \S+: SLUICE_LOAD_B\.$/);
    fail('SLUICE_LOAD_A');
    started.clock.advance(HIDDEN);
    visible(3);
    started.wait(1);
    visible(3);
    expect(await why(3, since)).toMatchObject({ code: 'SLUICE_LOAD_A' });
    // One fewer is none that came.
    started.clock.advance(4 * HIDDEN);
    visible(2);
    expect(await why(2, since)).toMatchObject({ code: 'SLUICE_LOAD_A' });
  });
});
