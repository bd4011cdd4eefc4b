import { beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import {
  lostDays,
  noteRawDays,
  parseRawDays,
  withoutLostDay,
} from '../../../../lib/landing/catalog/rawDays.ts';
import { erasureKey, rawDaysKey } from '../../../../lib/tables/ledgerKeys.ts';
import { dayFolder, landedFileName, tableFolder } from '../../../../lib/tables/tableFolders.ts';
import { MemoryObjects } from '../../../harness/MemoryObjects.ts';

const config = defineConfig({ bucket: 'acme' });
const OLD = '2026-11-10';
const D20 = '2026-11-20';
const D21 = '2026-11-21';
const KEY = rawDaysKey('events');

let now = 0;
/** What was logged. */
let lines: object[] = [];
const log = (fields: object) => void lines.push(fields);
let store = new MemoryObjects();
beforeEach(() => {
  now = Date.parse('2026-11-21T10:05:00Z');
  store = new MemoryObjects({ now: () => now });
  lines = [];
});

/** Puts a file as the writer does, and says its key. */
const put = async (day: string, minutesAgo = 60) => {
  const digest = String(store.objects.size).padStart(32, '0');
  const key = `${dayFolder(config, 'events', day)}${landedFileName(now - minutesAgo * MINUTE_MS, digest)}`;
  await store.write(key, 'x');
  return key;
};
const remove = (...keys: readonly string[]) => Promise.all(keys.map((key) => store.remove(key, '*')));
const note = async () => parseRawDays((await store.read(KEY))?.text) ?? { at: 0, days: {} };
/** Calls back before each page of a listing. */
const onPage = (act: (prefix: string) => unknown) => {
  const { listPage, listFolders } = store;
  store.listPage = async (prefix, options) => {
    await act(prefix);
    return listPage.call(store, prefix, options);
  };
  store.listFolders = async (prefix, options) => {
    await act(prefix);
    return listFolders.call(store, prefix, options);
  };
};
/** A look at the days that have files, the hour passes, and it says which days are lost, with the files that they had. */
const look = async (configuration = config) => {
  const folder = tableFolder(config, 'events');
  const { items } = await store.listFolders(folder, { limit: 99 });
  await noteRawDays(store, 'events', items, configuration, now, log);
  now += HOUR_MS;
  return lostDays(await note()).map(({ day, files }) => [day, files]);
};

describe('days of a raw table that lost files', () => {
  it.each([
    { what: 'a day whose files are counted', day: D20 },
    { what: 'an older one, of which only its folder is seen', day: OLD },
  ])('are those that have no file any more, until it is back: $what', async ({ day }) => {
    const file = await put(day);
    await put(D21);
    expect(await look()).toEqual([]);
    await remove(file);
    const seenAt = now - HOUR_MS;
    for (const _ of [1, 2]) expect(await look()).toEqual([[day, 1]]);
    expect(lostDays(await note())[0]).toMatchObject({ seenAt });
    await store.write(file, 'x');
    expect(await look()).toEqual([]);
  });

  it('are noted by the later of two looks at the same time', async () => {
    await put(D20);
    await put(D21);
    await look();
    const later = now + MINUTE_MS;
    let isOvertaken = false;
    onPage(async (prefix) => {
      if (isOvertaken || prefix !== dayFolder(config, 'events', D20)) return;
      isOvertaken = true;
      await noteRawDays(store, 'events', [D20, D21], config, later, log);
    });
    await noteRawDays(store, 'events', [D20, D21], config, now, log);
    expect(isOvertaken).toBe(true);
    expect((await note()).at).toEqual(later);
  });

  it('are none that are archived, which is noted since a look has seen it', async () => {
    const file = await put(D20);
    await put(D21);
    await look();
    expect((await note()).days[D20]).not.toHaveProperty('archivedSince');
    store.archived.add(file);
    const archivedSince = now;
    for (const _ of [1, 2]) {
      expect(await look()).toEqual([]);
      expect((await note()).days).toMatchObject({ [D20]: { files: 1, archivedSince }, [D21]: { files: 1 } });
    }
    store.archived.clear();
    await look();
    expect((await note()).days[D20]).not.toHaveProperty('archivedSince');
  });

  it('stay noted as archived once they are too old to be counted', async () => {
    store.archived.add(await put(D20));
    const archivedSince = now;
    await look();
    now += 100 * HOUR_MS;
    await look();
    expect((await note()).days[D20]).toMatchObject({ archivedSince });
  });

  it('are those that lost some of them within three days', async () => {
    const files: string[] = [];
    for (const day of ['2026-11-18', '2026-11-17']) files.push(await put(day), await put(day));
    await look();
    await remove(...files.filter((_, i) => i % 2 === 0));
    expect(await look()).toEqual([['2026-11-18', 2]]);
  });

  it('are those that lost some of them, however many come', async () => {
    const file = await put(D21);
    const other = await put(D21);
    expect(await look()).toEqual([]);
    await remove(other);
    // Somebody else's.
    await store.write(`${dayFolder(config, 'events', D21)}data_0.parquet`, 'x');
    for (const _ of [1, 2]) {
      for (let more = 0; more < 3; more += 1) await put(D21, 20);
      expect(await look()).toEqual([[D21, 2]]);
    }
    await store.write(other, 'x');
    expect(await look()).toEqual([]);
    await remove(file);
    expect(await look()).toEqual([[D21, 8]]);
    now += 99 * HOUR_MS;
    expect(await look()).toEqual([[D21, 8]]);
  });

  it('are none whose files are younger than a round of the writer, which takes some back', async () => {
    const young = await put(D21, 2.9);
    const file = await put(D20, 3);
    await look();
    await remove(young);
    expect(await look()).toEqual([]);
    await remove(file);
    expect(await look()).toEqual([[D20, 1]]);
  });

  it('are known of older ones by their folders alone', async () => {
    await put(OLD);
    const asked: string[] = [];
    onPage((prefix) => asked.push(prefix));
    await look();
    expect(asked).toEqual([tableFolder(config, 'events'), KEY]);
  });

  it('stay lost after an erasure, which may begin as the look counts', async () => {
    const files = [await put(D20), await put(D21), await put(D21)];
    await look();
    await remove(...files.slice(0, 1));
    await look();
    onPage(async (prefix) => {
      if (prefix !== dayFolder(config, 'events', D21)) return;
      await store.write(erasureKey('a'), '{}');
      await remove(...files.slice(2));
    });
    for (const _ of [1, 2]) expect(await look()).toEqual([[D20, 1]]);
  });

  it('are none of which an erasure deleted files, nor older ones that lost some', async () => {
    const files = [await put(D20), await put(D20), await put(OLD), await put(OLD), await put(D21)];
    await store.write(erasureKey('b'), '{}');
    now += MINUTE_MS;
    await look();
    // The later one comes first in a listing.
    await store.write(erasureKey('a'), '{}');
    now += MINUTE_MS;
    await remove(...files.slice(1, 3), ...files.slice(4));
    expect(await look()).toEqual([]);
    await remove(files[0] ?? '');
    expect(await look()).toEqual([[D20, 1]]);
  });

  it('are none past retention, which begins with the files that came before the day', async () => {
    const kept = (forwardedDays: number) =>
      defineConfig({ bucket: 'acme', retention: { forwardedDays }, timeWindow: { futureDays: 1 } });
    const file = await put('2026-11-19');
    await look(kept(4));
    await remove(file);
    expect(await look(kept(4))).toEqual([['2026-11-19', 1]]);
    expect(await look(kept(3))).toEqual([]);
  });

  it('do not come back without files once somebody has accepted one of them', async () => {
    const files = [await put(D20), await put(D20), await put(D21)];
    await look();
    await remove(...files.slice(1));
    await look();
    expect(withoutLostDay(await note(), OLD)).toBeNull();
    const accepted = withoutLostDay(await note(), D20);
    await store.write(KEY, JSON.stringify(accepted));
    expect(await look()).toEqual([[D21, 1]]);
    await remove(files[0] ?? '');
    expect(await look()).toContainEqual([D20, 1]);
  });

  it('are not known after a note that cannot be read, of which a line is logged', async () => {
    await remove(await put(D20));
    await put(D21);
    await store.write(KEY, '{"at":"yesterday"}');
    expect(await look()).toEqual([]);
    expect(lines).toEqual([{ level: 'warn', event: 'raw_days', problem: 'note_unreadable', key: KEY }]);
    expect(await look()).toEqual([]);
    expect(lines).toHaveLength(1);
  });

  it('stay noted as before while the note cannot be written', async () => {
    await put(D20);
    await look();
    const before = await note();
    store.faults = ['away'];
    await expect(look()).rejects.toThrow('away');
    expect(await note()).toEqual(before);
  });

  it('begin anew where the note was deleted or cannot be read', () => {
    expect([undefined, '{', '{"at":1}'].map(parseRawDays)).toEqual([null, null, null]);
  });

  it('are noted by one of two looks at a time: the other leaves what has changed since it read', async () => {
    await put(D20);
    await look();
    const read = store.read.bind(store);
    store.read = async (key: string) => {
      const before = await read(key);
      if (key === KEY) {
        store.read = read;
        await look();
      }
      return before;
    };
    await look();
    const first = Date.parse('2026-11-21T11:05:00Z');
    expect(await note()).toEqual({ at: first, days: { [D20]: { seenAt: first, files: 1 } } });
  });
});
