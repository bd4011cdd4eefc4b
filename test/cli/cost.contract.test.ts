import { describe, expect, it } from '@jest/globals';
import { callMain } from '../harness/callMain.ts';

/** Without a place to go: it needs none. */
const cost = (...args: string[]) => callMain(['cost', ...args], { env: {} });
const ofMonth = async (...args: string[]) => {
  const { code, stdout } = await cost(...args, '--json');
  expect(code).toBe(0);
  return JSON.parse(stdout);
};
const GB = 2 ** 30;

describe('sluice cost', () => {
  it('is each usage at its list price', async () => {
    const answer = await ofMonth('--events-per-month', '20M', '--events-per-request', '20');
    const { parts } = answer;
    expect(answer.requests_per_month).toBe(1_000_000);
    expect(parts).toEqual({
      gateway: expect.closeTo(1, 9),
      // Requests, and a batch of the registrar for an object every 60 s; 19 ms at 1 GB, 100 ms at its memory.
      lambda: expect.closeTo((1_043_200 * 0.2) / 1e6 + (19_000 + 4_320 * 0.5) * 0.0000133334, 6),
      // A record is billed as 5 KB.
      firehose_ingest: expect.closeTo((1_000_000 * 5_120 * 0.029) / GB, 9),
      // 500 ms an object, 900 ms a look, and the rows; 1,769 MB.
      write: expect.closeTo(
        (43_920 * 0.2) / 1e6 + (21_600 + 648 + 700 + 1_000_000 / 12_000) * (1_769 / 1_024) * 0.0000133334,
        4,
      ),
      // Four queues: five pollers, each every 20 s, at $0.40 a million. Three requests for each object and file.
      queues: expect.closeTo(4 * 0.2592 + (43_200 + 86_400) * 3 * 0.4e-6, 6),
      s3_events: expect.closeTo(0.216, 9),
      s3_requests: expect.closeTo(
        ((43_200 + 86_400 + 3 * 720) * 0.005 + (3 * 43_200 + 720) * 0.0004) / 1e3,
        9,
      ),
      s3_storage: expect.closeTo((((20e6 * 105 * 365) / 30 + (1e6 * 2_400 * 7) / 30) * 0.023) / GB, 6),
      logs: expect.closeTo(((1e6 * 335 + (86_400 + 720) * 800) * 0.5) / GB, 6),
      metrics: expect.closeTo((5 + 21 / 24) * 0.3, 9),
      alarms: expect.any(Number),
      keys: expect.closeTo(1.4, 9),
    });
    const total = Object.values<number>(parts).reduce((sum, usd) => sum + usd, 0);
    expect(answer.usd_per_month).toBeCloseTo(total, 9);
    expect(answer.usd_per_million).toBeCloseTo(total / 20, 9);
  });

  it('goes by the endpoint, the size of requests, and the days', async () => {
    const { parts, ...month } = await ofMonth('--events-per-month', '1B', '--events-per-request', '1000');
    // 700 KB are two requests to the gateway.
    expect([month.requests_per_month, parts.gateway]).toEqual([1_000_000, 2]);
    const url = await ofMonth('--events-per-month', '1B', '--endpoint', 'function-url', '--days-kept', '30');
    expect(url.parts.gateway).toBe(0);
    expect(url.parts.s3_storage).toBeLessThan(parts.s3_storage / 2);
  });

  it('prints a table', async () => {
    const { code, stdout } = await cost();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^100,000,000 events a month in 5,000,000 requests, rows kept for 365 days\./);
    expect(stdout).toMatch(/^gateway +5 +0\.05 +\d+ %$/m);
    expect(stdout).toMatch(/^total +[\d.]+ +[\d.]+ +100 %$/m);
  });

  it.each([
    [['--events-per-month', 'many'], 'SLUICE_USAGE_OPTIONS'],
    [['--events-per-month', '0'], 'SLUICE_USAGE_OPTIONS'],
    [['--events-per-request', '10001'], 'SLUICE_USAGE_OPTIONS'],
    [['--endpoint', 'both'], 'SLUICE_USAGE_OPTIONS'],
    [['prod'], 'SLUICE_USAGE_ARGUMENTS'],
  ])('refuses %j', async (args, error) => {
    const { code, stderr } = await cost(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(error)]);
  });
});
