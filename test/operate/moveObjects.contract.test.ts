import { hash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { overflowBody, readOverflow } from '../../lib/landing/adopt/overflow.ts';
import { keyOfList, listText } from '../../lib/landing/write/landedLists.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { directRecordKey, overflowKey } from '../../lib/tables/objectKeys.ts';
import { returnParked, splitLanding } from '../../operate/moveObjects.ts';
import { BUCKET, rows, START, startBucket } from '../lib/landing/adopt/startBucket.ts';
import { recordFor } from '../lib/landing/write/startWriter.ts';

let world: Awaited<ReturnType<typeof startBucket>>;
beforeAll(async () => {
  world = await startBucket();
});
afterEach(() => world.empty());
afterAll(() => world.close());

const waits: (() => Promise<void>)[] = [];
const place = () => ({
  ...{ s3: world.s3, config: defineConfig({ bucket: BUCKET }), now: START, clock: { now: () => START } },
  ...{ wait: async () => void (await waits.shift()?.()), random: () => 0 },
});
const put = (Key: string, Body: Uint8Array | string) =>
  world.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, Metadata: { code: 'Slow' } }));
const metadataOf = async (Key: string) =>
  (await world.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }))).Metadata;
const EVENTS = overflowKey('events', 'a'.repeat(64));
const LANDED = 'landing/2026/11/20/10/x.512';
const ERROR = 'errors/events/format-conversion-failed/2026/x';

describe('parked objects', () => {
  it('are moved back to their own keys, and what Sluice did not write stays', async () => {
    await put(`parked/${EVENTS}`, await overflowBody(rows(2)));
    await put(`parked/${ERROR}`, 'x');
    await put(`parked/${LANDED}`, 'x');
    await put('parked/notes.txt', 'x');
    expect(await returnParked(place(), true)).toEqual({ found: 4, moved: 3, unknown: 1 });
    expect(await world.keys('overflow/')).toEqual([]);
    expect(await returnParked(place(), false)).toEqual({ found: 4, moved: 3, unknown: 1 });
    expect(await world.keys('')).toEqual([ERROR, LANDED, EVENTS, 'parked/notes.txt']);
    expect(await metadataOf(EVENTS)).toEqual({ code: 'Slow' });
    expect(await returnParked(place(), false)).toEqual({ found: 1, moved: 0, unknown: 1 });
  });

  it('are all there after an interruption at any call, and moved by the next one', async () => {
    for (const operation of ['CopyObject', 'DeleteObject']) {
      await put(`parked/${EVENTS}`, await overflowBody(rows(2)));
      world.faults.set({
        s3: [{ fault: 'failCalls', code: 'AccessDenied', operations: [operation], calls: 'all' }],
      });
      await expect(returnParked(place(), false)).rejects.toMatchObject({ name: 'AccessDenied' });
      expect(await world.keys('parked/')).toEqual([`parked/${EVENTS}`]);
      world.faults.clear();
      await returnParked(place(), false);
      expect([await world.keys('parked/'), await world.keys('overflow/')]).toEqual([[], [EVENTS]]);
    }
  });
});

describe('objects of the landing', () => {
  const BATCH = 'landing/2026/11/20/10/batch';
  const record = (counts: Partial<Record<TableKind, number>>) =>
    recordFor(
      Object.fromEntries(
        Object.entries(counts).map(([table, count]) => [
          table,
          rows(count, table.length * 10).map((json) => ({ day: '2026-11-20', json })),
        ]),
      ),
    );
  const contents = async () => {
    const found: Record<string, number> = {};
    for (const kind of tableKinds)
      for (const key of await world.keys(`overflow/${kind}/`)) {
        const { Body } = await world.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
        const body = await Body?.transformToByteArray();
        const rows = readOverflow(body ?? new Uint8Array()) ?? [];
        found[kind] = (found[kind] ?? 0) + rows.length;
      }
    return found;
  };

  it('are written as overflow of the streams of 0.2, which has no writer', async () => {
    await put(BATCH, Buffer.concat([record({ exposures: 2, events: 3 }), record({}), record({ events: 4 })]));
    const direct = record({ quarantine: 1 });
    await put(directRecordKey(hash('sha256', direct)), direct);
    await put(`${BATCH}-cut`, record({ events: 1 }).subarray(0, -1));
    expect(await splitLanding(place(), true)).toEqual({ found: 3, moved: 2, unknown: 1 });
    expect(await contents()).toEqual({});
    expect(await splitLanding(place(), false)).toEqual({ found: 3, moved: 2, unknown: 1 });
    expect(await world.keys('landing/')).toEqual([`${BATCH}-cut`]);
    expect(await contents()).toEqual({ exposures: 2, events: 7, quarantine: 1 });
    const [exposures = ''] = await world.keys('overflow/exposures/');
    expect(await metadataOf(exposures)).toMatchObject({ documents: '2', code: 'RolledBack' });
    expect(await world.keys('ledger/')).toEqual([]);
  });

  it('that a list names are written once, unless files have been made of them', async () => {
    const [one, other] = [record({ events: 1 }), record({ events: 2 })];
    const [first, second] = [one, other].map((body) => directRecordKey(hash('sha256', body)));
    for (const [key = '', body] of [
      [first, one],
      [second, other],
    ] as const)
      await put(key, body);
    const members = [first ?? ''];
    const written = [{ key: first ?? '', eTag: '"x"' }];
    await put(keyOfList(members), listText({ members, written }));
    await put(keyOfList([second ?? '']), listText({ members: [second ?? ''], written: null }));
    await splitLanding(place(), false);
    expect(await world.keys('landing/')).toEqual([]);
    expect(await contents()).toEqual({ events: 2 });
  });

  it('are waited for while an invocation of the writer has them', async () => {
    await put(BATCH, record({ events: 1 }));
    await put(`${BATCH}-other`, record({ exposures: 1 }));
    const claim = await world.store.claim(BATCH, START + 60_000);
    waits.push(async () => {
      await world.store.discard(BATCH);
      await claim?.release();
    });
    await splitLanding(place(), false);
    expect(waits).toEqual([]);
    expect(await contents()).toEqual({ exposures: 1 });
  });

  it('have every row once after an interruption at any call', async () => {
    for (const nth of [1, 2, 3, 4]) {
      await put(BATCH, record({ exposures: 2, events: 3 }));
      world.faults.set({
        s3: [{ fault: 'failCalls', code: 'AccessDenied', operations: ['PutObject', 'DeleteObject'], nth }],
      });
      await expect(splitLanding(place(), false)).rejects.toMatchObject({ name: 'AccessDenied' });
      world.faults.clear();
      await splitLanding(place(), false);
      expect(await contents()).toEqual({ exposures: 2, events: 3 });
      await world.empty();
    }
  });
});
