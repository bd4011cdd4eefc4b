import { describe, expect, it } from '@jest/globals';
import { poll, unlessDenied } from '../../../cli/trial/Answer.ts';
import { ObserveError } from '../../../observe/deployment.ts';
import { named } from '../../harness/answering.ts';

describe('a question', () => {
  it.each([
    {
      what: 'has no result if AWS denies the call',
      error: Object.assign(named('AccessDenied'), { $fault: 'client', $metadata: { httpStatusCode: 403 } }),
      verdict: 'not asked',
    },
    {
      what: 'is answered otherwise if Athena cannot read the table',
      error: new ObserveError('SLUICE_OBSERVE_QUERY_FAILED', 'HIVE_BAD_DATA.'),
      verdict: 'otherwise',
    },
    {
      what: 'has no result if a query was stopped for its time',
      error: new ObserveError('SLUICE_OBSERVE_QUERY_STOPPED', '300 s.'),
      verdict: 'not asked',
    },
  ])('$what', async ({ error, verdict }) => {
    const asked = await unlessDenied('SLUICE_PROBE_DROP', () => Promise.reject(error));
    expect(asked).toMatchObject({ code: 'SLUICE_PROBE_DROP', verdict });
  });

  it('is not answered if AWS cannot be reached', async () => {
    const error = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    await expect(unlessDenied('SLUICE_PROBE_DROP', () => Promise.reject(error))).rejects.toMatchObject({
      code: 'SLUICE_AWS_UNREACHABLE',
    });
  });
});

describe('a poll', () => {
  /** Looks for a sight that is there at a look of this number, within 50 seconds, by a clock that waiting moves. */
  async function pollUntil(look: number, isLocal = false) {
    let now = 0;
    const looks: number[] = [];
    const wait = async (ms: number) => {
      now += ms;
    };
    const seen = await poll({ clock: { now: () => now }, wait, isLocal }, 50_000, async () => {
      looks.push(now);
      return { seen: looks.length, isThere: looks.length === look };
    });
    return { seen, looks };
  }

  it('ends with what is looked for', async () => {
    expect(await pollUntil(1)).toEqual({ seen: 1, looks: [0] });
    expect(await pollUntil(3)).toEqual({ seen: 3, looks: [0, 20_000, 40_000] });
  });

  it('ends with what was seen when the time is over', async () => {
    expect(await pollUntil(9)).toEqual({ seen: 4, looks: [0, 20_000, 40_000, 50_000] });
  });

  it('looks each half second in the local cloud', async () => {
    expect((await pollUntil(3, true)).looks).toEqual([0, 500, 1_000]);
  });
});
