import { describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../src/base/clock.ts';
import { MovableClock } from '../../src/base/index.ts';
import { Scheduler } from '../../src/scheduler/index.ts';

const NOON = Date.UTC(2030, 5, 1, 12);

/** What a daily schedule calls, and when, while a clock moves that stands at {@link NOON} at first. */
async function callsWhile(
  move: (clock: MovableClock, close: () => void) => Promise<void>,
): Promise<string[]> {
  const clock = new MovableClock();
  await clock.set(NOON);
  const calls: string[] = [];
  const scheduler = new Scheduler(clock, async ({ targetArn, input }) => {
    await new Promise((resolve) => setImmediate(resolve));
    return calls.push(`${new Date(clock.now()).toISOString().slice(0, 16)} ${targetArn} ${input}`);
  });
  scheduler.add({
    name: 'daily',
    expression: 'cron(5 0 * * ? *)',
    input: '{"a":1}',
    targetArn: 'register',
    roleArn: 'arn:aws:iam::000000000000:role/daily',
    deadLetterArn: undefined,
  });
  await move(clock, () => scheduler.close());
  scheduler.close();
  return calls;
}

describe('Scheduler', () => {
  it('calls its target at each time of a schedule while time passes', async () => {
    expect(await callsWhile((clock) => clock.advance(3 * DAY_MS))).toEqual([
      '2030-06-02T00:05 register {"a":1}',
      '2030-06-03T00:05 register {"a":1}',
      '2030-06-04T00:05 register {"a":1}',
    ]);
  });

  it('calls nothing after it is closed', async () => {
    const calls = await callsWhile(async (clock, close) => {
      close();
      await clock.advance(DAY_MS);
    });
    expect(calls).toEqual([]);
  });

  it('calls once when the clock jumps over several times, and then at the next time', async () => {
    const calls = await callsWhile(async (clock) => {
      await clock.set(Date.UTC(2031, 5, 1, 12));
      await clock.advance(DAY_MS);
    });
    expect(calls).toEqual(['2031-06-01T12:00 register {"a":1}', '2031-06-02T00:05 register {"a":1}']);
  });

  it('calls again when the clock is set back to before a call', async () => {
    const calls = await callsWhile(async (clock) => {
      await clock.advance(DAY_MS);
      await clock.set(NOON);
      await clock.advance(DAY_MS);
    });
    expect(calls).toEqual(['2030-06-02T00:05 register {"a":1}', '2030-06-02T00:05 register {"a":1}']);
  });
});
