import { describe, expect, it } from '@jest/globals';
import { makeDrop } from '../../../../lib/drops/Drop.ts';
import { whyByAthena, whyPagesTooLarge } from '../../../../lib/drops/load/chooseEngine.ts';
import { definedDataset } from '../../../harness/configInput.ts';

const FOLDER = 'events/2026-11-19/';
const ROOM = 1_000_000;

/** Why Athena loads a day with a file of so many bytes, before and after it is decoded. */
async function why(
  bytes: number,
  decodedBytes: number | null,
  engine: 'auto' | 'lambda' | 'athena' = 'auto',
) {
  const { config, source, dataset } = definedDataset({ engine });
  const object = { key: `${FOLDER}a.parquet`, size: bytes, eTag: '"1"', lastModified: new Date(0) };
  return whyByAthena(
    { config, freeBytes: async () => ROOM },
    { source, dataset, day: '2026-11-19' },
    makeDrop([object], FOLDER),
    async () => {
      if (decodedBytes === null) throw new RangeError('Nobody needs the footers.');
      return [{ decodedBytes }];
    },
  );
}

const MIB = 2 ** 20;
/** What is too large of files with pages of these MiB in mapped columns, each file in so many row groups, with 1,769 MB. */
function tooLarge(pages: readonly (readonly number[])[], groups = 1, threads = 1): string | undefined {
  const files = pages.map((sizes, i) => ({
    name: `${i}.parquet`,
    columns: [
      { name: 'unmapped', leaves: [0, 1] as const },
      { name: 'c', leaves: [1, 9] as const },
    ],
    largePages: [700, ...sizes].map((size, leaf) => ({ leaf, bytes: size * MIB, groups })),
  }));
  const raws = [{ files: files.map((_, i) => i), leaves: [[1, 9] as const] }];
  const limits = { memoryMegabytes: 884, threads, temporaryDirectory: '' };
  const found = whyPagesTooLarge(files, { groups: [{ raws }] }, limits);
  return found === null ? undefined : `${found.name}: ${found.words}`;
}

describe('the pages that a function holds', () => {
  it('are as many as a load of such files held when it was measured', () => {
    expect([tooLarge([]), tooLarge([[]]), tooLarge([[256]]), tooLarge([[128, 128, 128]])]).toEqual(
      Array(4).fill(undefined),
    );
    expect([tooLarge([[128]], 4), tooLarge([[128], [100]])]).toEqual([undefined, undefined]);
    expect(tooLarge([[257]])).toBe('0.parquet: column "c" has a page of 269,484,032 bytes');
    expect(tooLarge([[20], [130, 129]], 2)).toMatch(/^1[.]parquet: /);
    expect([tooLarge([[255]], 2), tooLarge([[128], [255]]), tooLarge([[128]], 2, 2)]).not.toContain(
      undefined,
    );
  });
});

describe('the engine of a day', () => {
  it('is the function while the decoded files fit its disk', async () => {
    expect(await why(ROOM / 100, null)).toBeNull();
    expect(await why(ROOM / 10, (ROOM / 10) * 9)).toBeNull();
  });

  it('is Athena beyond', async () => {
    expect(await why(ROOM / 10, (ROOM / 10) * 9 + 1)).toBe(
      'its files have 100000 bytes and 900001 when decoded, and the function has room for 1000000',
    );
    expect(await why(ROOM + 1, null)).toBe(
      'its files have 1000001 bytes, and the function has room for 1000000',
    );
  });

  it('is what the dataset says', async () => {
    expect(await why(ROOM + 1, null, 'lambda')).toBeNull();
    expect(await why(1, null, 'athena')).toBe("the dataset's `engine` is athena");
  });
});
