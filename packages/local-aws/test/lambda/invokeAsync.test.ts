import { describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../src/base/clock.ts';
import { ManualClock } from '../../src/base/index.ts';
import { FunctionError } from '../../src/lambda/ExecutionEnvironment.ts';
import { invokeAsync } from '../../src/lambda/invokeAsync.ts';

describe('an asynchronous invocation', () => {
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  /** How often a function that always fails so was invoked: at once, and after each step, in milliseconds. */
  async function attempts(error: FunctionError, steps: readonly number[]): Promise<number[]> {
    const clock = new ManualClock(0);
    let count = 0;
    await invokeAsync(
      async () => {
        count += 1;
        throw error;
      },
      { clock },
    );
    const counts = [count];
    for (const ms of steps) {
      clock.advance(ms);
      await settled();
      counts.push(count);
    }
    return counts;
  }

  it('that fails is repeated after one minute and after two more', async () => {
    const failed = new FunctionError('TypeError', 'It says so.');
    expect(await attempts(failed, [59_999, 1, 119_999, 1, DAY_MS])).toEqual([1, 1, 2, 2, 3, 3]);
  });

  it('that is throttled is repeated with growing pauses for six hours', async () => {
    const throttled = new FunctionError('TooManyRequestsException', 'Rate Exceeded.');
    const seconds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300];
    expect(
      await attempts(
        throttled,
        seconds.map((second) => second * 1_000),
      ),
    ).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    // A step of five minutes for each of 100 pauses: the last one that ends within six hours is the 72nd.
    const long = await attempts(throttled, Array(100).fill(300_000));
    expect(long.indexOf(long.at(-1) ?? 0)).toBe(72);
  });
});
