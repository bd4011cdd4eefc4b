import { afterAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS } from '../../lib/base/time.ts';
import type { Status } from '../../observe/findings/status.ts';
import { storyCloud } from '../harness/storyCloud.ts';

const story = await storyCloud(undefined, { startsAt: '2026-11-20T00:10:00Z' });
afterAll(() => story.close());

const fault = (kind: 'kill' | 'timeOut', part: string, calls: number | 'all' = 'all') =>
  story.setFaults({
    lambda: [{ fault: `${kind}Invocations`, function: `sluice-local-${part}`, calls, afterMs: 1 }],
  });

/** What is found, in short, but for the faults themselves. */
async function found(): Promise<readonly string[]> {
  const { problems } = await story.json<Status>('status');
  return problems
    .filter(({ code }) => code !== 'SLUICE_FINDING_FAULTS')
    .map(({ code, severity, detail }) => `${code.replace('SLUICE_FINDING_', '')} ${severity}: ${detail}`);
}

describe('a function that is killed', () => {
  it('at each try of its daily run: told within the hour, with its alarm, until a day after', async () => {
    await story.jumpTo('2026-11-22T00:10:00Z');
    await story.advance(MINUTE_MS);
    expect(await found()).toEqual([]);
    await fault('timeOut', 'curate-plan');
    await story.advance(HOUR_MS);
    const [first, ...others] = await found();
    expect(others).toEqual([]);
    expect(first).toMatch(
      /^FUNCTION_FAILED problem: \d of \d invocations of curate-plan had errors within 24 hours, since 2026-11-22T00:2\S+Z, the last at \S+Z\. It failed last at \S+: Task timed out\. No later run is counted yet\. Until a run succeeds no day is queued to be curated; \d messages? of its queue waits?, the oldest since 2026-11-22T00:\S+\. Alarm sluice-local-curate-plan-errors, since 2026-11-22T00:5/,
    );
    await story.clearFaults();
    await story.advance(HOUR_MS);
    expect((await found()).join()).toMatch(/^FUNCTION_FAILED warning: .* Later runs had none\. Alarm /);
    await story.jump(HOUR_MS);
    await story.advance(HOUR_MS);
    expect((await found()).join()).toMatch(/^FUNCTION_FAILED warning: .* Later runs had none\.$/);
    await story.jump(24 * HOUR_MS);
    expect(await found()).toEqual([]);
  });

  it('at each try of the writer: the dead letters are named, and the command sends them again', async () => {
    await fault('timeOut', 'write');
    expect(await story.post({ events: [{ eventName: 'purchase', user: { userID: 'u1' } }] })).toBe(202);
    await story.advance(3 * HOUR_MS);
    expect((await story.found('FAULTS'))?.severity).toBe('warning');
    expect((await story.found('LANDING_LATE'))?.detail).toMatch(
      /; sluice-local-write-dead-letters has \d messages?, the oldest since 2026-\S+Z\. The function write failed last at 2026-\S+Z: Task timed out\. (\d+) of \d+ invocations of write had errors within 24 hours, since 2026-\S+Z, the last at 2026-\S+Z\. (Alarm sluice-local-write-dead-letters, since .* )?Alarm sluice-local-write-errors, since 2026-/,
    );
    await story.clearFaults();
    expect(await story.cure('LANDING_LATE', / redrive /)).toEqual([0]);
    await story.cloud.flush();
    expect(await story.found('LANDING_LATE')).toBeUndefined();
  });
});
