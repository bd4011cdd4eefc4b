import { describe, expect, it } from '@jest/globals';
import { makeDrop } from '../../../../lib/drops/Drop.ts';
import { whyByAthena } from '../../../../lib/drops/load/chooseEngine.ts';
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
