import { expect, it } from '@jest/globals';
import { callMain } from '../harness/callMain.ts';

/** A deployment that nobody can reach. */
const NOWHERE = ['--local', '--endpoint-url', 'http://127.0.0.1:9', '--region', 'us-east-1'];
const restore = (line: string) => callMain(['restore', ...line.split(' '), ...NOWHERE]);

it.each(['--from 2026-11-20', '--table events'])(
  'sluice restore is refused with "%s" alone',
  async (line) => {
    expect(await restore(line)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--table, --from: expected both'),
    });
  },
);

it('sluice restore takes as many days as a backfill, and not one more', async () => {
  // 3,660 and 3,661 days.
  expect(await restore('--table events --from 2016-11-13 --to 2026-11-20')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('SLUICE_AWS_UNREACHABLE'),
  });
  expect(await restore('--table events --from 2016-11-12 --to 2026-11-20')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('at most 3660 days'),
  });
});
