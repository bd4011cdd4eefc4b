import { describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { CatalogCallError, type Page, readPages } from '../../../../lib/landing/catalog/catalogCalls.ts';
import { ManualClock } from '../../../../packages/local-aws/src/base/index.ts';

const pages: readonly Page<string>[] = [
  { items: ['a', 'b'], next: '1' },
  { items: [], next: '2' },
  { items: ['c'], next: undefined },
];
const throttled = new CatalogCallError({
  code: 'ThrottlingException',
  message: 'Rate exceeded',
  isTransient: true,
});

/** A listing of three pages, each of which takes a second and fails as often as given. */
function listing(failures: readonly number[] = []) {
  const clock = new ManualClock(0);
  const left = [...failures];
  const asked: (string | undefined)[] = [];
  return {
    asked,
    attempts: (deadline: number) => ({
      clock,
      wait: async (ms: number) => clock.advance(ms),
      random: () => 0,
      deadline,
    }),
    async readPage(token: string | undefined): Promise<Page<string>> {
      asked.push(token);
      clock.advance(1_000);
      const at = Number(token ?? 0);
      const failuresLeft = left[at] ?? 0;
      if (failuresLeft > 0) {
        left[at] = failuresLeft - 1;
        throw throttled;
      }
      const page = pages[at];
      if (page === undefined) throw new Error(`no page ${at}`);
      return page;
    },
  };
}

describe('readPages', () => {
  it('retries the failed page, and not those before it', async () => {
    const { attempts, readPage, asked } = listing([1, 0, 2]);
    expect(await readPages(attempts(MINUTE_MS), 3, readPage)).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual([undefined, undefined, '1', '2', '2', '2']);
  });

  it('starts no page at or after the deadline', async () => {
    const { attempts, readPage, asked } = listing();
    await expect(readPages(attempts(2_000), 3, readPage)).rejects.toMatchObject({
      code: 'OutOfTime',
      isTransient: false,
    });
    expect(asked).toEqual([undefined, '1']);
  });

  it('fails with the last error when the deadline leaves no time for a retry', async () => {
    const { attempts, readPage, asked } = listing([9]);
    await expect(readPages(attempts(2_500), 3, readPage)).rejects.toBe(throttled);
    expect(asked).toHaveLength(3);
  });

  it('reports more pages than are possible', async () => {
    const { attempts, readPage, asked } = listing();
    expect(await readPages(attempts(MINUTE_MS), 2, readPage)).toBeUndefined();
    expect(asked).toHaveLength(2);
  });

  it('does not read a page again that fails for good, or because of a defect', async () => {
    const { attempts } = listing();
    for (const error of [
      new CatalogCallError({ code: 'AccessDenied', message: 'no', isTransient: false }),
      new TypeError('defect'),
    ]) {
      let calls = 0;
      const read = readPages(attempts(MINUTE_MS), 3, async () => {
        calls += 1;
        throw error;
      });
      await expect(read).rejects.toBe(error);
      expect(calls).toBe(1);
    }
  });
});
