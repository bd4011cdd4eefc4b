import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS, isoTimestamp, MINUTE_MS } from '../../lib/base/time.ts';
import type { EraseFaultPoint } from '../../lib/erase/ObjectEraser.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import { LOADS_FOLDER } from '../../lib/tables/ledgerKeys.ts';
import { ManualClock } from '../../packages/local-aws/src/base/index.ts';
import { acmeSource } from '../harness/configInput.ts';
import { LANDING_STREAM } from '../harness/landingStack.ts';
import { ledgerEntry, loadRun } from '../harness/ledgerEntry.ts';
import { landedKey, landedRows, landedUsers } from '../lib/erase/landedUsers.ts';
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

  it('is complete without a person whose ID was escaped and cut, also in older versions, and without bytes that nobody can read', async () => {
    const { put, keys, versions, run } = await deployment();
    const id = `zoë "O'Brien" <x>\\ 漢字`;
    const json = JSON.stringify({ events: [{ user: { userID: id } }] });
    const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
    const ascii = json.replaceAll(/[\u0080-\uffff]/g, escaped);
    const cut = ascii.slice(0, -4);
    const bodies = [
      json,
      ascii,
      cut,
      `${cut}"x":"\\u00`,
      JSON.stringify(cut).slice(0, -1),
      JSON.stringify({ cut }),
      `data=${encodeURIComponent(cut)}`,
      new URLSearchParams({ id }).toString(),
      btoa(ascii),
      gzipSync(cut),
      zstdCompressSync(cut),
      brotliCompressSync(cut),
      gzipSync(`${cut}${' '.repeat(9)}`).subarray(0, -9),
    ];
    const large = 'quarantine-large/2026-11-20/';
    for (const [i, body] of bodies.entries()) {
      await put(`${large}${i}`, body);
      // An older version of an object of somebody else.
      await put(`${large}over-${i}`, body);
      await put(`${large}over-${i}`, '{"user":{"userID":"zoë"}}');
      const raw = typeof body === 'string' ? body : body.toString('base64');
      const row = { reason: 'SLUICE_BODY_NOT_JSON', raw, raw_encoding: raw === body ? 'text' : 'base64' };
      await put(landedKey(i), landedRows('quarantine', row));
      await put(`query-results/${i}.csv`, `"raw"\n"${raw.replaceAll('"', '""')}"\n`);
    }
    await put(`${large}noise`, Buffer.from('93a1f0c8d2e6bb17ff02849c5d', 'hex'));
    const first = await run([`user_id=${id}`]);
    // What nobody can read, and arrives meanwhile, goes as well, and does not keep the erasure open.
    await put(`${large}later`, 'cut off {');
    const done = await run([`user_id=${id}`], { now: (first.completeFrom ?? 0) + 1_000 });
    expect(done.state).toBe('complete');
    expect(done.run.leftCount).toBe(0);
    expect(done.run.hasFound).toBe(false);
    const others = [...bodies.keys()].map((i) => `${large}over-${i}`);
    const encoded = (await keys()).filter((key) => key.startsWith('query-results/'));
    // Results are not decoded from base64.
    expect((await versions()).sort()).toEqual([...others, ...encoded].sort());
    expect(encoded).toHaveLength(5);
  });

  it('is complete by a run that began late enough, not by one that only ended so', async () => {
    const { put, run } = await deployment();
    await put(landedKey(1), landedUsers('gone'));
    const from = Date.now();
    const { completeFrom } = await run(['user_id=gone'], { now: from });
    const at = completeFrom ?? 0;
    const slow = new ManualClock(0);
    const pass = (step: EraseFaultPoint) => {
      if (step === 'begun') slow.advance(60_000);
    };
    expect((await run(['user_id=gone'], { now: at - 1_000, faultPoint: pass, clock: slow })).state).toBe(
      'again',
    );
    expect((await run(['user_id=gone'], { now: at })).state).toBe('complete');
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

  it('is not complete while an archived object is left', async () => {
    const { put, keys, run } = await deployment();
    await put('query-results/0002.csv', '"gone"', 'GLACIER');
    const left = [{ key: 'query-results/0002.csv', why: 'archived' }];
    expect((await run(['user_id=gone'])).run.left).toMatchObject(left);
    const later = await run(['user_id=gone'], { now: Date.now() + 49 * HOUR_MS });
    expect(later.run.left).toMatchObject(left);
    expect(later.state).toBe('again');
    expect(await keys()).toEqual(['query-results/0002.csv']);
  });
});
