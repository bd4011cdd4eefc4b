import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callMain } from '../harness/callMain.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-cost-'));
const sample = join(directory, 'bodies.ndjson');
beforeAll(() => {
  const events = Array.from({ length: 20 }, (_, i) => ({
    eventName: 'page_view',
    value: i,
    user: { userID: 'u' },
  }));
  writeFileSync(sample, `${JSON.stringify({ events })}\n`);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Without a place to go: a sample needs none. */
const cost = (...args: string[]) => callMain(['cost', ...args], { env: { AWS_REGION: 'eu-west-1' } });

describe('sluice cost --sample', () => {
  it('prints USD a month by part, without AWS', async () => {
    const { code, stdout } = await cost('--sample', sample, '--events-per-month', '5M', '--json');
    expect(code).toBe(0);
    const { usd_per_month, usd_per_million, parts, usage } = JSON.parse(stdout);
    const total = Object.values<number>(parts).reduce((sum, usd) => sum + usd, 0);
    expect(usd_per_month).toBeCloseTo(total, 9);
    expect(usd_per_million).toBeCloseTo(total / 5, 9);
    expect([usage.events, usage.requests, parts.gateway]).toEqual([5_000_000, 250_000, 0.25]);
  });

  it('says in words what is not in it', async () => {
    const { code, stdout } = await cost('--sample', sample);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^100,000,000 events a month in 5,000,000 requests, as in the sample: 20 events in 1 request\./,
    );
    expect(stdout).toMatch(/^gateway +5 +0\.05 +\d+ %$/m);
    expect(stdout).toMatch(/^total +[\d.]+ +[\d.]+ +100 %$/m);
    expect(stdout).toMatch(/^Not included \(docs\/cost\.md\):\n {2}athena: not known yet/m);
  });

  it.each([
    [['--sample', sample, '--days', '3'], 2, 'SLUICE_USAGE_OPTIONS'],
    [['--sample', sample, '--events-per-month', 'many'], 2, 'SLUICE_USAGE_OPTIONS'],
    [['--sample', sample, '--events-per-month', '0'], 2, 'SLUICE_USAGE_OPTIONS'],
    [['--days', '31'], 2, 'SLUICE_USAGE_OPTIONS'],
    [['prod'], 2, 'SLUICE_USAGE_ARGUMENTS'],
    [['--sample', join(directory, 'missing')], 1, 'SLUICE_FILE_'],
  ])('refuses %j', async (args, exit, error) => {
    const { code, stderr } = await cost(...args);
    expect([code, stderr]).toEqual([exit, expect.stringContaining(error)]);
  });
});
