import { describe, expect, it, jest } from '@jest/globals';
import { DAY_MS } from '../../src/base/clock.ts';
import { MovableClock } from '../../src/base/index.ts';
import { type Schedule, Scheduler } from '../../src/scheduler/index.ts';

const NOON = Date.UTC(2030, 5, 1, 12);

/** What is asked of a scheduler with one schedule. */
interface Asked {
  /** The expression of the schedule. Default: each day at 00:05. */
  readonly expression?: string;
  /** What the target does besides noting its call. Default: nothing. */
  readonly target?: () => Promise<unknown>;
}

/** What a schedule calls, and when, while a clock moves that stands at {@link NOON} at first. */
async function callsWhile(
  move: (clock: MovableClock, scheduler: Scheduler, schedule: Schedule) => Promise<void>,
  { expression = 'cron(5 0 * * ? *)', target = async () => undefined }: Asked = {},
): Promise<string[]> {
  const clock = new MovableClock();
  await clock.set(NOON);
  const calls: string[] = [];
  const scheduler = new Scheduler(clock, async ({ targetArn, input }) => {
    await new Promise((resolve) => setImmediate(resolve));
    calls.push(`${new Date(clock.now()).toISOString().slice(0, 16)} ${targetArn} ${input}`);
    await target();
  });
  const schedule: Schedule = {
    name: 'daily',
    expression,
    input: '{"a":1}',
    targetArn: 'register',
    roleArn: 'arn:aws:iam::000000000000:role/daily',
    deadLetterArn: undefined,
  };
  scheduler.add(schedule);
  await move(clock, scheduler, schedule);
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
    const calls = await callsWhile(async (clock, scheduler) => {
      scheduler.close();
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

  it('calls at one time once if the schedule was replaced, also after the clock was set back', async () => {
    const calls = await callsWhile(async (clock, scheduler, schedule) => {
      scheduler.add(schedule);
      await clock.advance(DAY_MS);
      await clock.set(NOON);
      await clock.advance(2 * DAY_MS);
    });
    expect(calls).toEqual([
      '2030-06-02T00:05 register {"a":1}',
      '2030-06-02T00:05 register {"a":1}',
      '2030-06-03T00:05 register {"a":1}',
    ]);
  });

  it('calls at a time that is further off than the longest timer', async () => {
    const calls = await callsWhile((clock) => clock.advance(60 * DAY_MS), {
      expression: 'cron(5 0 15 7 ? *)',
    });
    expect(calls).toEqual(['2030-07-15T00:05 register {"a":1}']);
  });

  it('calls again after a call that failed, which is told as a defect', async () => {
    const told: string[] = [];
    const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      told.push(String(text));
      return true;
    });
    const calls = await callsWhile((clock) => clock.advance(2 * DAY_MS), {
      target: () => Promise.reject(new Error('the target is broken')),
    });
    write.mockRestore();
    expect(calls).toHaveLength(2);
    expect(told.join()).toContain('the target is broken');
  });
});
