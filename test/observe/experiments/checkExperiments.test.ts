import { AthenaClient } from '@aws-sdk/client-athena';
import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import {
  type CheckOptions,
  checkExperiments,
  judgeSplit,
} from '../../../observe/experiments/checkExperiments.ts';
import { answeredBy } from '../../harness/answering.ts';

/** Rows of groups, each with one unit that is in another group, too. */
const seen = (units: Readonly<Record<string, number>>, names: Readonly<Record<string, string>>) =>
  Object.entries(units).map(([group_id, count]) => ({
    group_id,
    group_name: names[group_id] ?? null,
    units: count,
    crossovers: 1,
  }));
/** Judges units by group. @param names Of groups, by their IDs. */
const judge = (
  units: Readonly<Record<string, number>>,
  split?: Readonly<Record<string, number>>,
  names: Readonly<Record<string, string>> = {},
) => judgeSplit({ name: 'checkout', ...(split && { split }) }, seen(units, names));

describe('the verdict on a split', () => {
  it('is by weights of any scale, by IDs or names of groups', () => {
    const names = { r1: 'Control', r2: 'Test' };
    for (const split of [
      { r1: 1, r2: 3 },
      { control: 25, Test: 75 },
    ]) {
      const right = judge({ r1: 250, r2: 750 }, split, names);
      expect(right).toMatchObject({ units: 1_000, crossovers: 2, verdict: 'no_mismatch', p_value: 1 });
      expect(right.groups.map(({ expected }) => expected)).toEqual([250, 750]);
      expect(judge({ r1: 400, r2: 600 }, split, names).verdict).toBe('mismatch');
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
    expect(judge({ r1: 10, Test: 10 }, { Test: 1, r1: 1 }, names).verdict).toBe('no_mismatch');
    const both = judge({ r1: 10, r2: 10 }, { Test: 1, Control: 1 }, names);
    expect(both.verdict).toBe('mismatch');
    expect(both.groups).toMatchObject([
      { group_id: 'r1', expected: null },
      { group_id: 'r2', expected: null },
      { group_id: 'Test', units: 0, expected: 0 },
      { group_id: 'Control', units: 0, expected: 0 },
    ]);
  });

  // Their p-values are 0.01095, 0.00879, 0.00128 and 0.00099.
  it.each([
    { a: 560, verdict: 'no_mismatch' },
    { a: 561, verdict: 'suspicious' },
    { a: 569, verdict: 'suspicious' },
    { a: 570, verdict: 'mismatch' },
  ])('of $a units of 1,000 where half are expected is $verdict', ({ a, verdict }) => {
    expect(judge({ a, b: 1_000 - a }, { a: 1, b: 1 }).verdict).toBe(verdict);
  });
});

describe('a check', () => {
  const config = defineConfig({
    bucket: 'acme',
    experiments: ['new', { name: 'checkout', split: { r1: 1, r2: 1 }, since: '2026-11-21' }],
  });
  const NAMES = ['experiment_id', 'group_id', 'group_name', 'units', 'crossovers'];
  /** What is found of the only experiment that is asked for, or of all, of these rows. */
  const check = async (rows: readonly (readonly (string | null)[])[], experiment?: string) => {
    const athena = answeredBy(AthenaClient, () => ({
      QueryExecutionId: 'q',
      QueryExecution: { Status: { State: 'SUCCEEDED' }, Statistics: { DataScannedInBytes: 9 } },
      ResultSet: {
        ResultSetMetadata: { ColumnInfo: NAMES.map((Name) => ({ Name })) },
        Rows: [NAMES, ...rows].map((row) => ({
          Data: row.map((value) => (value === null ? {} : { VarCharValue: value })),
        })),
      },
    }));
    const timing = { clock: { now: () => 0 }, wait: async () => {}, random: () => 0 };
    return checkExperiments({ config, athena, ...timing }, { experiment });
  };

  it('has the experiments with the most units first, then by name, and configured ones without units', async () => {
    const found = await check([
      ['banner', 'g1', null, '10', '0'],
      ['checkout', 'r1', 'Control', '30', '2'],
      ['checkout', 'r2', null, '31', '3'],
      ['aside', 'g1', null, '10', '1'],
    ]);
    expect(found).toMatchObject({ unit: 'user_id', scanned_bytes: 9 });
    expect(found.experiments.map(({ groups, p_value, ...more }) => more)).toEqual([
      { experiment: 'checkout', since: '2026-11-21', units: 61, crossovers: 5, verdict: 'no_mismatch' },
      { experiment: 'aside', since: null, units: 10, crossovers: 1, verdict: 'not_tested' },
      { experiment: 'banner', since: null, units: 10, crossovers: 0, verdict: 'not_tested' },
      { experiment: 'new', since: null, units: 0, crossovers: 0, verdict: 'not_tested' },
    ]);
    expect(found.experiments[0]?.groups).toEqual([
      { group_id: 'r1', group_name: 'Control', units: 30, crossovers: 2, expected: 30.5 },
      { group_id: 'r2', group_name: null, units: 31, crossovers: 3, expected: 30.5 },
    ]);
  });

  it('of an experiment that is not configured has it once it has units', async () => {
    const { experiments } = await check([['banner', 'g1', null, '10', '0']], 'banner');
    expect(experiments).toMatchObject([{ experiment: 'banner', units: 10, verdict: 'not_tested' }]);
  });

  it('of a configured experiment has that alone, also before it has units', async () => {
    const { experiments } = await check([], 'checkout');
    expect(experiments).toMatchObject([
      { experiment: 'checkout', units: 0, groups: [{ units: 0 }, { units: 0 }] },
    ]);
  });
});

describe('a check that has no answer', () => {
  /**
   * What a check answers.
   *
   * @param state How the query ends.
   * @param pages 0: an empty result. 1: pages of one row each, without end.
   */
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
    { what: 'the unit is not configured', options: { unit: 'compnyID' }, code: 'SLUICE_CHECK_UNKNOWN_UNIT' },
    {
      what: 'no experiment has the name',
      options: { experiment: 'none' },
      code: 'SLUICE_CHECK_UNKNOWN_EXPERIMENT',
    },
    { what: 'the query fails', options: {}, state: 'FAILED', code: 'SLUICE_OBSERVE_QUERY_FAILED' },
    { what: 'the result has no end', options: {}, pages: 1, code: 'SLUICE_OBSERVE_TOO_MANY_ROWS' },
  ])('says $code where $what', async ({ options, state, pages, code }) => {
    await expect(check(options, state, pages)).rejects.toMatchObject({ code });
  });
});
