import { describe, expect, it } from '@jest/globals';
import type { ObjectStore } from '../../../lib/base/ObjectStore.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { rawDays } from '../../../lib/curate/RawDays.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const DAY = '2026-11-16';
const config = defineConfig({ bucket: 'own', curate: true });

/** The raw files of a bucket in which some calls are answered otherwise. */
function start(answers: Partial<ObjectStore>, configured = config) {
  const clock = new ManualClock(0);
  const attempts = { clock, wait: async () => undefined, random: () => 0, deadline: 1_000 };
  const memory = new MemoryObjects(clock);
  const store: ObjectStore = {
    read: memory.read.bind(memory),
    open: memory.open.bind(memory),
    head: memory.head.bind(memory),
    write: memory.write.bind(memory),
    remove: memory.remove.bind(memory),
    removeAll: memory.removeAll.bind(memory),
    listPage: memory.listPage.bind(memory),
    listFolders: memory.listFolders.bind(memory),
    ...answers,
  };
  return { clock, raw: rawDays(store, configured, attempts) };
}

describe('the raw files of a day', () => {
  /** Listings without an end, of so many files a page. */
  const endless = (size: number) => {
    const asked: (string | undefined)[] = [];
    const page = Array.from({ length: size }, (_, i) => ({
      key: `f/${i}`,
      size: 1,
      eTag: '"e"',
      modifiedAt: 0,
    }));
    const listPage: ObjectStore['listPage'] = async (_, { token } = {}) => {
      asked.push(token);
      return { items: page, next: 'more' };
    };
    return { asked, listPage };
  };

  it('are too many beyond 50,000, and are read alone beyond 2,000', async () => {
    const { asked, listPage } = endless(1_000);
    const { raw } = start({ listPage });
    const alone: number[] = [];
    const atMany = async () => void alone.push(asked.length);
    await expect(raw.files('exposures', DAY, undefined, atMany)).rejects.toMatchObject({
      code: 'SLUICE_CURATE_DAY_TOO_LARGE',
    });
    expect({ pages: asked.length, aloneFrom: alone[0] }).toEqual({ pages: 51, aloneFrom: 3 });
  });

  it('are listed until a time, and no page later', async () => {
    const { asked, listPage } = endless(1);
    const { raw, clock } = start({
      listPage: async (...args) => {
        clock.advance(100);
        return listPage(...args);
      },
    });
    await expect(raw.files('exposures', DAY, 300)).rejects.toMatchObject({
      code: 'SLUICE_CURATE_OUT_OF_TIME',
    });
    expect(asked).toEqual([undefined, 'more', 'more']);
  });

  it('of a table with too many days fail the look, which would take the others for gone', async () => {
    let pages = 0;
    const { raw } = start({
      listFolders: async () => {
        pages += 1;
        return { items: [DAY], next: 'more' };
      },
    });
    await expect(raw.days('exposures')).rejects.toMatchObject({ code: 'SLUICE_CURATE_BUCKET_FAILED' });
    expect(pages).toBe(20);
  });

  it('are of the days of each folder that the table has had', async () => {
    const former = [{ folder: 'before', until: '2026-11-15' }];
    const { raw } = start(
      {
        listFolders: async (prefix) => ({
          items: prefix.startsWith('before/') ? ['2026-11-15', '2026-11-14'] : [DAY],
          next: undefined,
        }),
      },
      defineConfig({ bucket: 'own', curate: true, formerStatsigFolders: former }),
    );
    expect(await raw.days('exposures')).toEqual(['2026-11-14', '2026-11-15', DAY]);
  });

  it.each([
    { name: 'InvalidObjectState', code: 'SLUICE_CURATE_FILE_UNREADABLE' },
    { name: 'SlowDown', code: 'SLUICE_CURATE_BUCKET_FAILED' },
  ])('that cannot be read say why: $name', async ({ name, code }) => {
    const refused = Object.assign(new Error('no'), { name });
    const { raw } = start({ open: () => Promise.reject(refused) });
    await expect(raw.read({ key: 'f/a', eTag: '"e"' })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`f/a: ${name}`),
    });
  });

  it('that are replaced are no longer there', async () => {
    const { raw } = start({});
    expect(await raw.read({ key: 'f/a', eTag: '"e"' })).toBeNull();
  });
});
