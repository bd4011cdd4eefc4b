import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS, isoTimestamp, MINUTE_MS } from '../../lib/base/time.ts';
import type { EraseFaultPoint } from '../../lib/erase/ObjectEraser.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import { LOADS_FOLDER } from '../../lib/tables/ledgerKeys.ts';
import { acmeSource } from '../harness/configInput.ts';
import { LANDING_STREAM } from '../harness/landingStack.ts';
import { ledgerEntry, loadRun } from '../harness/ledgerEntry.ts';
import { landedKey, landedUsers } from '../lib/erase/landedUsers.ts';
import { killAt, startErasures } from './startErasures.ts';

const erasures = await startErasures();
const { aws, deployment, queue, take, setStreamAge } = erasures;
const { sqs } = aws;
afterEach(() => setStreamAge(null));
afterAll(() => erasures.close());

describe('an erasure', () => {
  /** An erasure by a deployment with relay that has found rows once, and an instant at which a run may complete it. */
  async function begunWithRelay() {
    const relayQueue = await queue('relay');
    const deadLetters = await queue('relay-dead-letters');
    const { put, run } = await deployment({ relay: { url: 'https://relay.example.org' } });
    await put(landedKey(1), landedUsers('gone'));
    const startedAt = Date.now();
    const first = await run(['user_id=gone'], { now: startedAt });
    const completeFrom = first.completeFrom ?? 0;
    const at = completeFrom + 1_000;
    const runAt = (now: number, faultPoint?: (step: EraseFaultPoint) => void) =>
      run(['user_id=gone'], { now, ...(faultPoint === undefined ? {} : { faultPoint }) });
    return { relayQueue, deadLetters, runAt, startedAt, first, completeFrom, at };
  }

  it('is complete only after what functions and streams may still write', async () => {
    const { runAt, startedAt, first, completeFrom, at } = await begunWithRelay();
    expect(first.state).toBe('again');
    expect(first.run.hasFound).toBe(true);
    // Fifteen minutes of a function, then two buffers and the retries of Firehose.
    expect(completeFrom - startedAt).toBeGreaterThanOrEqual(22 * 60_000);
    expect((await runAt(at - 120_000)).state).toBe('again');
    expect((await runAt(at)).state).toBe('complete');
  });

  it('is not complete while copies wait for relay or the stream is late, also if another process continues its run', async () => {
    const { relayQueue, runAt, at } = await begunWithRelay();
    await sqs.send(new SendMessageCommand({ QueueUrl: relayQueue, MessageBody: 'a copy' }));
    setStreamAge(3_600);
    // The metric is of the minute before.
    const measuredAt = (Math.floor(at / MINUTE_MS) - 1) * MINUTE_MS;
    const oldest = isoTimestamp(measuredAt - HOUR_MS);
    const waits = await runAt(at);
    expect(waits.state).toBe('again');
    expect(waits.run).toMatchObject({
      hasFound: false,
      onTheWay: [
        'the queues of relay hold about 1 messages',
        `the stream ${LANDING_STREAM} is late: its oldest record is of ${oldest}`,
      ],
    });
    const killed = runAt(at, killAt('begun'));
    await expect(killed).rejects.toThrow('killed');
    take('relay');
    // A stream that is not late has records of the last minutes all the time.
    setStreamAge(30);
    // What was in transit when the run began is not forgotten.
    const resumed = await runAt(at);
    expect(resumed.state).toBe('again');
    expect(resumed.run.resumed).toBe(1);
    expect(resumed.run.onTheWay).toHaveLength(2);
    expect((await runAt(at)).state).toBe('complete');
  });

  it('is not complete while a copy is hidden until its next try, or one that relay could not read waits for a person', async () => {
    const { relayQueue, deadLetters, runAt, at } = await begunWithRelay();
    await sqs.send(new SendMessageCommand({ QueueUrl: relayQueue, MessageBody: 'a copy' }));
    const copies = aws.queues.byName('sluice-prod-relay');
    const [hiddenCopy] = copies.receive(1, 900_000);
    await sqs.send(new SendMessageCommand({ QueueUrl: deadLetters, MessageBody: 'a copy' }));
    const hidden = await runAt(at);
    expect(hidden.state).toBe('again');
    expect(hidden.run.onTheWay).toEqual(['the queues of relay hold about 2 messages']);
    copies.delete(hiddenCopy?.receipt ?? '');
    take('relay-dead-letters');
    const done = await runAt(at);
    expect(done.state).toBe('complete');
    expect(done.run.onTheWay).toEqual([]);
  });

  it('is not complete while the ledger has a load in pieces that may hold rows', async () => {
    const { put, keys, run } = await deployment({ sources: [acmeSource()] });
    const day = '2026-11-01';
    const refused = (version: string) => `${LOADS_FOLDER}acme_events/${day}/${version}/refused-00001.parquet`;
    const note = (entry: Partial<LedgerEntry>) =>
      put(`ledger/acme/events/${day}.json`, JSON.stringify(ledgerEntry({ day, state: 'waiting', ...entry })));
    const waitingOf = ({ total }: Awaited<ReturnType<typeof run>>) => total['query-results']?.waiting;
    await note({ run: loadRun({ version: 'now' }) });
    for (const version of ['before', 'now']) await put(refused(version), '"gone"');
    const young = await run(['user_id=gone']);
    expect(young.run.hasFound).toBe(true);
    expect(waitingOf(young)).toBe(1);
    expect(await keys()).toEqual([refused('now')]);
    const later = await run(['user_id=gone'], { now: Date.now() + 49 * HOUR_MS });
    expect(later.state).toBe('again');
    expect(waitingOf(later)).toBe(1);
    expect(await keys()).toEqual([refused('now')]);
    await note({});
    const ended = await run(['user_id=gone'], { now: Date.now() + 50 * HOUR_MS });
    expect(waitingOf(ended)).toBe(0);
    expect(await keys()).toEqual([]);
  });
});
