import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { overflowObject, readOverflow } from '../../../lib/landing/delivery/overflow.ts';
import { laneOf } from '../../../lib/landing/redrive/redriveOverflow.ts';
import type { TableKind } from '../../../lib/schema/kinds.ts';
import { overflowKey } from '../../../lib/tables/objectKeys.ts';
import { returnParked, splitOverflow } from '../../../observe/overflow/moveObjects.ts';
import { BUCKET, overflowBody, rows, START, startRedrive } from '../../lib/landing/redrive/startRedrive.ts';

let world: Awaited<ReturnType<typeof startRedrive>>;
let s3: S3Client;
beforeAll(async () => {
  world = await startRedrive();
  s3 = new S3Client(world.options);
});
afterEach(() => world.empty());
afterAll(async () => {
  s3.destroy();
  await world.close();
});

const waits: (() => Promise<void>)[] = [];
const place = () => ({
  ...{ s3, config: defineConfig({ bucket: BUCKET }), now: START, clock: { now: () => START } },
  ...{ wait: async () => void (await waits.shift()?.()), random: () => 0 },
});
const put = (Key: string, Body: Uint8Array | string) =>
  s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, Metadata: { code: 'Slow' } }));
const metadataOf = async (Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }))).Metadata;
const EVENTS = overflowKey('events', 'a'.repeat(64));
const ERROR = 'errors/events/format-conversion-failed/2026/x';

describe('parked objects', () => {
  it('are moved back to their own keys, and what Sluice did not write stays', async () => {
    await put(`parked/${EVENTS}`, overflowBody(rows(2)));
    await put(`parked/${ERROR}`, 'x');
    await put('parked/notes.txt', 'x');
    expect(await returnParked(place(), true)).toEqual({ found: 3, moved: 2, unknown: 1 });
    expect(await world.keys('overflow/')).toEqual([]);
    expect(await returnParked(place(), false)).toEqual({ found: 3, moved: 2, unknown: 1 });
    expect(await world.keys('')).toEqual([ERROR, EVENTS, 'parked/notes.txt']);
    expect(await metadataOf(EVENTS)).toEqual({ code: 'Slow' });
    expect(await returnParked(place(), false)).toEqual({ found: 1, moved: 0, unknown: 1 });
    for (const key of await world.keys('')) await world.remove(key);
  });

  it('of the quarantine stream become its overflow, so that redrive puts their rows on it again', async () => {
    const quarantined = (n: number) => JSON.stringify({ quarantine_id: `q${n}`, raw: 'x'.repeat(600_000) });
    const line = (text: string) => JSON.stringify({ rawData: Buffer.from(text).toString('base64') });
    const key = 'parked/errors/quarantine/delivery-failed/2026/11/20/x';
    const records = [`${quarantined(1)}\n${quarantined(2)}`, quarantined(3)];
    await put(key, `${records.map(line).join('\n')}\n`);
    await put(`${key}-other`, `${line('{"no":"row"}')}\n`);
    expect(await returnParked(place(), true)).toEqual({ found: 2, moved: 1, unknown: 1 });
    expect(await world.keys('overflow/')).toEqual([]);
    for (const operation of ['DeleteObject', 'PutObject']) {
      world.faults.set({
        s3: [{ fault: 'failCalls', code: 'AccessDenied', operations: [operation], nth: 1 }],
      });
      await expect(returnParked(place(), false)).rejects.toMatchObject({ name: 'AccessDenied' });
      world.faults.clear();
    }
    expect(await returnParked(place(), false)).toEqual({ found: 2, moved: 1, unknown: 1 });
    expect(await world.keys('parked/')).toEqual([`${key}-other`]);
    const found: string[] = [];
    for (const one of await world.keys('overflow/quarantine/')) {
      const body = (await world.store.read(one)) ?? new Uint8Array();
      for (const { documents } of readOverflow('quarantine', body) ?? []) found.push(...documents);
    }
    expect(found.toSorted()).toEqual([1, 2, 3].map(quarantined));
    for (const one of await world.keys('')) await world.remove(one);
  });

  it('are all there after an interruption at any call, and moved by the next one', async () => {
    for (const operation of ['CopyObject', 'DeleteObject']) {
      await put(`parked/${EVENTS}`, overflowBody(rows(2)));
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

describe('overflow of several streams', () => {
  const returned = (documents: readonly string[]) =>
    documents.map((_, index) => ({ index, reason: 'held_back' as const, code: 'Slow' }));
  async function spill(nonce: string, counts: Partial<Record<TableKind, number>>): Promise<void> {
    const spilled = (['exposures', 'events', 'quarantine'] as const).flatMap((kind) => {
      const documents = rows(counts[kind] ?? 0, kind.length * 10);
      return documents.length === 0 ? [] : [{ kind, documents, returned: returned(documents) }];
    });
    await world.putOverflow(await overflowObject(spilled, START, nonce), 5_000);
  }
  const contents = async () => {
    const found: Record<string, number> = {};
    for (const kind of ['exposures', 'events', 'quarantine', 'requests'] as const)
      for (const key of await world.keys(`overflow/${kind}/`)) {
        const body = await world.store.read(key);
        for (const { kind: stream, documents } of readOverflow(kind, body ?? new Uint8Array()) ?? [])
          found[`${kind}: ${stream}`] = (found[`${kind}: ${stream}`] ?? 0) + documents.length;
      }
    return found;
  };

  it('is written as one object for each stream, which version 0.2 delivers', async () => {
    await spill('1', { exposures: 2, events: 3 });
    await spill('2', { events: 1, quarantine: 1 });
    await spill('3', { events: 4 });
    await put('overflow/requests/notes.txt', 'x');
    expect(await splitOverflow(place(), true)).toEqual({ found: 3, moved: 2, unknown: 1 });
    expect(await splitOverflow(place(), false)).toEqual({ found: 3, moved: 2, unknown: 1 });
    await world.remove('overflow/requests/notes.txt');
    expect(await contents()).toEqual({
      'exposures: exposures': 2,
      'events: events': 8,
      'quarantine: quarantine': 1,
    });
    const [exposures = ''] = await world.keys('overflow/exposures/');
    expect(await metadataOf(exposures)).toMatchObject({ documents: '2', code: 'Slow' });
  });

  it('waits for an invocation that delivers it, and does not write what that delivered', async () => {
    for (const nonce of ['1', '2']) await spill(nonce, { exposures: 1, events: 1 });
    const [first = ''] = await world.keys('overflow/requests/');
    const claim = await world.store.claim(laneOf(first) ?? '', START + 60_000);
    waits.push(async () => {
      await world.remove(first);
      await claim?.release();
    });
    expect(await splitOverflow(place(), false)).toEqual({ found: 1, moved: 1, unknown: 0 });
    expect(waits).toEqual([]);
    expect(await world.keys('overflow/requests/')).toEqual([]);
    expect(await contents()).toEqual({ 'exposures: exposures': 1, 'events: events': 1 });
  });

  it('has every row once after an interruption at any call', async () => {
    for (const nth of [1, 2, 3]) {
      await spill('1', { exposures: 2, events: 3 });
      world.faults.set({
        s3: [{ fault: 'failCalls', code: 'AccessDenied', operations: ['PutObject', 'DeleteObject'], nth }],
      });
      await expect(splitOverflow(place(), false)).rejects.toMatchObject({ name: 'AccessDenied' });
      world.faults.clear();
      await splitOverflow(place(), false);
      expect(await contents()).toEqual({ 'exposures: exposures': 2, 'events: events': 3 });
      await world.empty();
    }
  });
});
