import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { gatherRecords } from '../../../../lib/landing/write/gatherRecords.ts';
import { cutLists, keyOfList, listText } from '../../../../lib/landing/write/landedLists.ts';
import type { WriteStore } from '../../../../lib/landing/write/WriteStore.ts';
import { directRecordKey, LISTS_FOLDER, landingListKey } from '../../../../lib/tables/objectKeys.ts';
import { CLAIM_MS, Killed, killingStore, recordFor, rowOf, startWriter, type Writer } from './startWriter.ts';

const DAYS = ['2026-11-22', '2026-11-23'];

/** A record as the collector puts it itself, and its key. */
function direct(id: string) {
  const rows = DAYS.map((day) => rowOf('events', `${id}-${day}`, day));
  const body = recordFor({ events: rows }, Buffer.from(id).toString('hex'));
  return { key: directRecordKey(hash('sha256', body)), body };
}
const records = ['a1', 'a2', 'a3'].map(direct);
const IDS = ['a1', 'a2', 'a3'].flatMap((id) => DAYS.map((day) => `${id}-${day}`)).sort();

let writer: Writer;
beforeEach(async () => {
  writer = await startWriter();
});
afterEach(() => writer.close());

const putAll = async () => {
  for (const { key, body } of records) await writer.put(key, body);
};
const gather = (store: WriteStore = writer.store) => gatherRecords({ store }, writer.clock.now() + CLAIM_MS);
const lists = () => writer.keys(LISTS_FOLDER);
const ids = async () => (await writer.rows('events')).map(({ event_id: id }) => String(id)).sort();
/** Puts the records and gathers them. @returns The key of the list. */
async function gathered(): Promise<string> {
  await putAll();
  await gather();
  const [key = ''] = await lists();
  return key;
}

describe('records that the collector put itself', () => {
  it('are gathered into one list', async () => {
    expect(await gather()).toEqual({ records: 0, lists: 0, waiting: 0 });
    await putAll();
    expect(await gather()).toEqual({ records: 3, lists: 1, waiting: 0 });
    expect(await lists()).toEqual([keyOfList(records.map(({ key }) => key).sort())]);
  });

  it('are in one list at the most', async () => {
    await gathered();
    const late = direct('late');
    await writer.put(late.key, late.body);
    expect(await gather()).toEqual({ records: 1, lists: 1, waiting: 1 });
    expect(await gather()).toEqual({ records: 0, lists: 0, waiting: 2 });
  });

  it('are gathered by one invocation at a time', async () => {
    await putAll();
    const claim = await writer.store.claim(LISTS_FOLDER, writer.clock.now() + CLAIM_MS);
    expect(await gather()).toBeNull();
    await claim?.release();
    expect(await gather()).toMatchObject({ lists: 1 });
  });

  it('fill lists of 5,000 records or 64 MiB', () => {
    const of = (count: number, size: number) =>
      Array.from({ length: count }, (_, index) => ({ key: `${index}`, size }));
    expect(cutLists(of(12_000, 100)).map(({ length }) => length)).toEqual([5_000, 5_000, 2_000]);
    expect(cutLists(of(5, 32 * 1024 ** 2)).map(({ length }) => length)).toEqual([2, 2, 1]);
    expect(cutLists(of(2, 100 * 1024 ** 2)).map(({ length }) => length)).toEqual([1, 1]);
    expect(cutLists([])).toEqual([]);
  });
});

describe('a list', () => {
  it('becomes one file a day, and is deleted with its records', async () => {
    const key = await gathered();
    expect(await writer.write(key)).toMatchObject({ outcome: 'written', account: { rows: 6, written: 6 } });
    expect(await ids()).toEqual(IDS);
    expect(await writer.keys('statsig/')).toHaveLength(DAYS.length);
    expect(await writer.keys('landing/')).toEqual([]);
  });

  it('is written once, wherever the writer is killed', async () => {
    const key = await gathered();
    // The last call releases the claim, which may fail.
    const whole = killingStore(writer.store, Number.POSITIVE_INFINITY);
    await writer.write(key, { writer: { store: whole.store } });
    const expected = await writer.keys('statsig/');
    for (let call = 0; call < whole.calls() - 1; call += 1) {
      for (const file of expected) await writer.store.discard(file);
      const again = await gathered();
      expect(again).toBe(key);
      const { store } = killingStore(writer.store, call);
      await expect(writer.write(key, { writer: { store } })).rejects.toThrow(Killed);
      writer.clock.advance(CLAIM_MS);
      // Records that are left over are not gathered into another list.
      await gather();
      for (const list of await lists()) expect(list).toBe(key);
      await writer.write(key);
      expect(await writer.keys('statsig/')).toEqual(expected);
      expect(await ids()).toEqual(IDS);
      expect(await writer.keys('landing/')).toEqual([]);
    }
  });

  it('is written without a damaged record, which is parked alone', async () => {
    const broken = Buffer.from(records[0]?.body ?? []).subarray(0, -4);
    const key = directRecordKey(hash('sha256', broken));
    await writer.put(key, broken);
    const list = await gathered();
    const done = await writer.write(list);
    expect(done).toMatchObject({
      outcome: 'written',
      account: {
        written: 6,
        parked: [{ key: `parked/${key}`, code: 'SLUICE_LANDING_TRUNCATED' }],
        missing: [],
      },
    });
    expect(await writer.bytes(`parked/${key}`)).toEqual(broken);
    expect(await writer.keys('landing/')).toEqual([]);
    expect(await ids()).toEqual(IDS);
  });

  it('says which records no longer exist', async () => {
    const key = await gathered();
    const [gone = ''] = records.map((record) => record.key).sort();
    await writer.store.discard(gone);
    expect(await writer.write(key)).toMatchObject({ account: { written: 4, missing: [gone] } });
  });

  it('keeps all its rows when another writer deletes its records while they are read', async () => {
    const key = await gathered();
    let isRead = false;
    const slow: WriteStore = {
      ...writer.store,
      // Its claim is over when it goes on from here.
      read: async (...of) => {
        const found = await writer.store.read(...of);
        if (of[0] === key && !isRead) {
          isRead = true;
          writer.clock.advance(CLAIM_MS);
          const [first = ''] = records.map((record) => record.key).sort();
          const other: WriteStore = {
            ...writer.store,
            // It is killed after the first of its deletions.
            remove: async (member, eTag) => {
              if (member !== first) throw new Killed();
              return writer.store.remove(member, eTag);
            },
          };
          await expect(writer.write(key, { writer: { store: other } })).rejects.toThrow(Killed);
        }
        return found;
      },
    };
    const time = { deadline: writer.clock.now() + 2 * CLAIM_MS };
    await expect(writer.write(key, { writer: { store: slow }, time })).rejects.toMatchObject({
      ...{ code: 'SLUICE_WRITE_OBJECT_CHANGED', detail: `${key}.` },
    });
    expect(await ids()).toEqual(IDS);
    writer.clock.advance(CLAIM_MS);
    await writer.write(key);
    expect(await ids()).toEqual(IDS);
    expect(await writer.keys('landing/')).toEqual([]);
  });

  it('of whose records an erasure took rows meanwhile becomes the files of what is left, each row once', async () => {
    const key = await gathered();
    const [{ key: member } = { key: '' }] = records;
    const less = recordFor({ events: [rowOf('events', `a1-${DAYS[0]}`, DAYS[0] ?? '')] }, 'a1');
    let puts = 0;
    const erased: WriteStore = {
      ...writer.store,
      put: async (...of) => {
        puts += 1;
        if (puts === 1) await writer.put(member, less);
        return writer.store.put(...of);
      },
    };
    await expect(writer.write(key, { writer: { store: erased } })).rejects.toMatchObject({
      ...{ code: 'SLUICE_WRITE_OBJECT_CHANGED', detail: `${member}.` },
    });
    expect(await ids()).toEqual(IDS);
    expect(await writer.write(key)).toMatchObject({ outcome: 'written', account: { rows: 5, missing: [] } });
    expect(await ids()).toEqual(IDS.filter((id) => id !== `a1-${DAYS[1]}`));
    expect(await writer.keys('landing/')).toEqual([]);
  });

  it('leaves a record that somebody wrote over meanwhile, to be gathered again', async () => {
    const key = await gathered();
    const [{ key: member } = { key: '' }] = records;
    const other = direct('other');
    const replaced: WriteStore = {
      ...writer.store,
      replace: async (...of) => {
        await writer.put(member, other.body);
        return writer.store.replace(...of);
      },
    };
    await expect(writer.write(key, { writer: { store: replaced } })).rejects.toMatchObject({
      code: 'SLUICE_WRITE_OBJECT_CHANGED',
    });
    expect(await writer.keys('landing/')).toEqual([member]);
    await gather();
    const [again = ''] = await lists();
    await writer.write(again);
    expect(await ids()).toEqual([...IDS, ...DAYS.map((day) => `other-${day}`)].sort());
  });

  it.each([
    ['no JSON', () => 'x'],
    ['another version', (text: string) => text.replace('"version":1', '"version":2')],
    ['members that are not its own', () => listText({ members: [direct('x').key], written: null })],
    ['a member outside the landing', (text: string) => text.replace('landing/', 'statsig/')],
  ])('with %s is parked, and its records are gathered again', async (_, spoil) => {
    await putAll();
    const text = spoil(listText({ members: records.map(({ key }) => key), written: null }));
    const key = landingListKey(hash('sha256', 'another'));
    await writer.put(key, Buffer.from(text));
    expect(await writer.write(key)).toMatchObject({
      account: { parked: [{ key: `parked/${key}`, code: 'SLUICE_LANDING_LIST_INVALID' }] },
    });
    expect(String(await writer.bytes(`parked/${key}`))).toBe(text);
    await gather();
    const [own = ''] = await lists();
    expect(await writer.write(own)).toMatchObject({ account: { written: 6 } });
  });
});
