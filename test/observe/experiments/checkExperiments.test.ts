import { AthenaClient } from '@aws-sdk/client-athena';
import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import {
  type CheckOptions,
  checkExperiments,
  judgeSplit,
} from '../../../observe/experiments/checkExperiments.ts';
import { answeredBy } from '../../harness/answering.ts';

const seen = (units: Readonly<Record<string, number>>, names: Readonly<Record<string, string>> = {}) =>
  Object.entries(units).map(([group_id, count]) => ({
    group_id,
    group_name: names[group_id] ?? null,
    units: count,
    crossovers: 1,
  }));
const judge = (
  units: Readonly<Record<string, number>>,
  split?: Readonly<Record<string, number>>,
  { names = {} }: { names?: Readonly<Record<string, string>> } = {},
) => judgeSplit({ name: 'checkout', ...(split && { split }) }, seen(units, names));

describe('the verdict on a split', () => {
  it('is by weights of any scale, by IDs or names of groups', () => {
    const names = { r1: 'Control', r2: 'Test' };
    for (const split of [
      { r1: 1, r2: 3 },
      { control: 25, Test: 75 },
    ]) {
      const right = judge({ r1: 250, r2: 750 }, split, { names });
      expect(right).toMatchObject({ units: 1_000, crossovers: 2, verdict: 'no_mismatch', p_value: 1 });
      expect(right.groups.map(({ expected }) => expected)).toEqual([250, 750]);
      expect(judge({ r1: 400, r2: 600 }, split, { names }).verdict).toBe('mismatch');
    }
  });

  it('is a mismatch with a group that is not expected, and counts one without units', () => {
    expect(judge({ a: 50, b: 50, ghost: 1 }, { a: 1, b: 1 })).toMatchObject({
      verdict: 'mismatch',
      groups: [{ expected: 50 }, { expected: 50 }, { group_id: 'ghost', expected: null }],
    });
    const missing = judge({ a: 50, b: 50 }, { a: 1, b: 1, c: 1 });
    expect(missing.verdict).toBe('mismatch');
    expect(missing.groups.at(-1)).toEqual({
      group_id: 'c',
      group_name: null,
      units: 0,
      crossovers: 0,
      expected: expect.closeTo(100 / 3, 9),
    });
  });

  it('assumes nothing without a split', () => {
    expect(judge({ a: 90, b: 10 })).toMatchObject({ verdict: 'not_tested', p_value: null });
    expect(judge({}, { a: 1, b: 1 })).toMatchObject({ verdict: 'not_tested', units: 0 });
  });

  it('takes the ID of a group for itself, and a name that several have for none', () => {
    const names = { r1: 'Test', r2: 'Test', Test: 'other' };
    expect(judge({ r1: 10, Test: 10 }, { Test: 1, r1: 1 }, { names }).verdict).toBe('no_mismatch');
    const both = judge({ r1: 10, r2: 10 }, { Test: 1, Control: 1 }, { names });
    expect(both.verdict).toBe('mismatch');
    expect(both.groups).toMatchObject([
      { group_id: 'r1', expected: null },
      { group_id: 'r2', expected: null },
      { group_id: 'Test', units: 0, expected: 0 },
      { group_id: 'Control', units: 0, expected: 0 },
    ]);
  });

  it('is suspicious between the two levels', () => {
    const found = [560, 565, 570, 575, 580, 585].map(
      (a) => judge({ a, b: 1_000 - a }, { a: 1, b: 1 }).verdict,
    );
    expect(found).toContain('suspicious');
    expect(found.at(-1)).toBe('mismatch');
  });
});

describe('a check that has no answer', () => {
  /** @param state How the query ends. @param pages Of the result, each of one row. */
  function check(options: CheckOptions, state = 'SUCCEEDED', pages = 0): Promise<unknown> {
    const athena = answeredBy(AthenaClient, () => ({
      QueryExecutionId: 'q',
      QueryExecution: { Status: { State: state, StateChangeReason: 'because' } },
      ResultSet: { Rows: pages === 0 ? [] : [{ Data: [{ VarCharValue: 'x' }] }] },
      ...(pages === 0 ? {} : { NextToken: 'more' }),
    }));
    const timing = { clock: { now: () => 0 }, wait: async () => {}, random: () => 0 };
    return checkExperiments({ config: defineConfig({ bucket: 'acme' }), athena, ...timing }, options);
  }

  it.each([
    { options: { unit: 'compnyID' }, state: 'SUCCEEDED', pages: 0, code: 'CHECK_UNKNOWN_UNIT' },
    { options: { experiment: 'none' }, state: 'SUCCEEDED', pages: 0, code: 'CHECK_UNKNOWN_EXPERIMENT' },
    { options: {}, state: 'FAILED', pages: 0, code: 'OBSERVE_QUERY_FAILED' },
    { options: {}, state: 'SUCCEEDED', pages: 1, code: 'OBSERVE_TOO_MANY_ROWS' },
  ])('says why: $options, $state, $pages', async ({ options, state, pages, code }) => {
    await expect(check(options, state, pages)).rejects.toMatchObject({ code: `SLUICE_${code}` });
  });
});
