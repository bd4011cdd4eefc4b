import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { DAY_MS } from '../../lib/base/time.ts';
import { hashedNames } from '../../lib/wire/experimentNames.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { type StoryCloud, storyCloud } from '../harness/storyCloud.ts';

let story: StoryCloud;
beforeAll(async () => {
  story = await storyCloud(
    {
      bucket: 'acme-check',
      unitIds: { companyID: 'company_id' },
      holdouts: ['winter'],
      experiments: [
        { name: 'planted', split: { control: 50, treatment: 50 } },
        { name: 'balanced', split: { ctl: 1, trt: 1 } },
        { name: 'ten_ninety', split: { Small: 10, large: 90 } },
        { name: 'tiny', split: { a: 50, b: 50 } },
        { name: 'missing_group', split: { a: 1, b: 1, c: 1 } },
        { name: 'extra_group', split: { a: 1, b: 1 } },
        { name: 'rollout', split: { 'half:Pass': 50, 'half:Fail': 50 } },
        'no_rows_yet',
        'unstated',
      ],
    },
    { startsAt: '2026-11-20T12:00:00Z' },
  );
  await sendAll();
  await story.cloud.flush();
});
afterAll(() => story?.close());

const DAY = '2026-11-20';
const BEFORE = '2026-11-19';

const today = Date.parse(`${DAY}T11:59:00Z`);
const yesterday = today - DAY_MS;

/** An exposure to an experiment's rule. */
const exposure = <User extends object>(config: string, ruleID: string, user: User, more: object = {}) => ({
  eventName: 'statsig::config_exposure',
  user,
  time: today,
  value: null,
  metadata: { config, ruleID, rulePassed: 'true', reason: 'Network:Recognized' },
  ...more,
});
const gateExposure = (gate: string, ruleID: string, gateValue: boolean, user: object) => ({
  eventName: 'statsig::gate_exposure',
  user,
  time: today,
  metadata: { gate, ruleID, gateValue: String(gateValue), reason: 'Network:Recognized' },
});
const users = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ userID: `${prefix}-${i}` }));
const exposures = (config: string, rule: string, count: number, more: object = {}) =>
  users(`${config}-${rule}`, count).map((user) => exposure(config, rule, user, more));

async function send(events: readonly object[]): Promise<void> {
  const body = JSON.stringify({ events, statsigMetadata: { sessionID: 'one-session' } });
  expect(await story.post({ body })).toBe(202);
}

async function sendAll(): Promise<void> {
  const planted = [...exposures('planted', 'control', 600), ...exposures('planted', 'treatment', 400)];
  await send(planted);
  // Resends: equal events of the same session.
  await send(planted);
  await send([
    // Three units of control see treatment, later.
    ...users('planted-control', 3).map((user) =>
      exposure('planted', 'treatment', user, { time: today + 1_000 }),
    ),
    // Seven are held out.
    ...users('held', 7).map((user) =>
      exposure('planted', 'rule_of_winter', user, {
        secondaryExposures: [{ gate: 'winter', gateValue: 'true', ruleID: 'w' }],
      }),
    ),
    // Five without a userID, but with a company.
    ...Array.from({ length: 5 }, (_, i) =>
      exposure('planted', 'control', { customIDs: { companyID: `company-${i}` } }),
    ),
    // No group.
    exposure('planted', 'layerAssignment', { userID: 'outside' }),
  ]);
  await send([
    ...exposures('balanced', 'ctl', 300),
    ...exposures('balanced', 'trt', 310),
    ...users('balanced-ctl', 10).map((user) => exposure('balanced', 'ctl', user, { time: today + 5_000 })),
    ...exposures('ten_ninety', 'Small', 100, { time: yesterday }),
    ...exposures('ten_ninety', 'large', 900, { time: yesterday }),
    ...exposures('ten_ninety', 'Small', 90).map((event) => ({
      ...event,
      user: { userID: `${event.user.userID}-b` },
    })),
    ...exposures('ten_ninety', 'large', 10).map((event) => ({
      ...event,
      user: { userID: `${event.user.userID}-b` },
    })),
  ]);
  await send([
    ...exposures('tiny', 'a', 7),
    ...exposures('tiny', 'b', 2),
    ...exposures('missing_group', 'a', 50),
    ...exposures('missing_group', 'b', 50),
    ...exposures('extra_group', 'a', 50),
    ...exposures('extra_group', 'b', 50),
    ...exposures('extra_group', 'ghost', 1),
    ...exposures('unstated', 'a', 90),
    ...exposures('unstated', 'b', 10),
    ...exposures('from_specs', '3QfjCheckoutControl', 10),
    ...exposures('checkout_button', '3QfjCheckoutControl', 60),
    ...exposures('checkout_button', '3QfjCheckoutTest', 40),
    ...users('hashed', 30).map((user) => exposure(hashedNames('late_name')[0] ?? '', 'a', user)),
    ...users('hashed', 2).map((user) => exposure('late_name', 'b', user, { time: today + 1 })),
    ...users('plain', 28).map((user) => exposure('late_name', 'b', user)),
    ...users('staging', 20).map((user) =>
      exposure('in_staging', 'a', { ...user, statsigEnvironment: { tier: 'staging' } }),
    ),
    ...users('layered', 15).map((user) => ({
      ...exposure('', 'a', user),
      eventName: 'statsig::layer_exposure',
      metadata: {
        ...{ config: 'home_layer', ruleID: 'a', allocatedExperiment: 'in_layer', parameterName: 'headline' },
        ...{ isExplicitParameter: 'true', reason: 'Network:Recognized' },
      },
    })),
    ...users('g', 40).map((user) => gateExposure('rollout', 'half', true, user)),
    ...users('h', 160).map((user) => gateExposure('rollout', 'half', false, user)),
    ...users('i', 50).map((user) => gateExposure('rollout', 'staff', true, user)),
    ...users('j', 30).map((user) => gateExposure('unstated', 'r', true, user)),
  ]);
}

const result = z.looseObject({
  experiment: z.string(),
  kind: z.string(),
  unit: z.string(),
  groups: z.array(
    z.looseObject({ group_id: z.string(), units: z.number(), expected: z.number().nullable() }),
  ),
  p_value: z.number().nullable(),
  crossovers: z.number(),
  held_out: z.number(),
});

async function check(...args: string[]) {
  const { code, stdout, stderr } = await story.sluice('check', ...args, '--json');
  const json: unknown = JSON.parse(stdout);
  const parsed = result.safeParse(json);
  return { code, stderr, json, ...(parsed.success ? parsed.data : {}) };
}
const units = (answer: Awaited<ReturnType<typeof check>>) =>
  Object.fromEntries((answer.groups ?? []).map(({ group_id, units }) => [group_id, units]));

describe('sluice check', () => {
  it('exits 3 on a mismatch, counting units once, without resends, and names all else', async () => {
    const answer = await check('planted');
    expect(answer).toMatchObject({
      code: 3,
      experiment: 'planted',
      kind: 'experiment',
      unit: 'user_id',
      json: {
        groups: [
          { group_id: 'control', units: 600, expected: 500, crossovers: 3 },
          { group_id: 'treatment', units: 400, expected: 500, crossovers: 0 },
        ],
        // By the formula with Python's math.lgamma.
        p_value: expect.closeTo(5.583503370468881e-8, 16),
        expected_from: 'configuration',
        verdict: 'mismatch',
        mismatch: true,
        newest_received_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        untested: null,
        crossovers: 3,
        held_out: 7,
        null_units: 5,
        exposures: 1_008,
        exposures_by_unit: { user_id: 1_003, stable_id: 0, company_id: 5 },
      },
    });
    expect(answer.json).toMatchObject({
      days: [
        { ds: DAY, group_id: 'control', units: 600 },
        { ds: DAY, group_id: 'treatment', units: 400 },
      ],
      first_seen: new Date(today).toISOString(),
      last_seen: new Date(today + 1_000).toISOString(),
      lag_ms: expect.any(Number),
    });
  });

  it('says it in words', async () => {
    const { code, stdout } = await story.sluice('check', 'planted');
    expect(code).toBe(3);
    expect(stdout).toMatch(/^planted \(experiment, production\): 1,000 units by user_id, 1,008 exposures\n/);
    expect(stdout).toMatch(/^control +600 +60\.00 % +500 +3$/m);
    expect(stdout).toContain('Split: MISMATCH. p = 5.58e-8, below 0.001');
    expect(stdout).toContain('The largest deviation is 10.00 % of the units. Expected by the configuration.');
    expect(stdout).toContain('Crossovers: 3 units saw several groups. Each counts in its first group.');
    expect(stdout).toContain('Held out: 7 units.');
    expect(stdout).toContain(
      'Without user_id: 5 exposures, which count for no unit. Others: company_id in 5 (--unit).',
    );
    expect(stdout).toMatch(/^Lag: the newest row was received [\d.]+ \w+ ago\./m);
  });

  it('takes the unit that is asked for, by its column or by the name in Statsig', async () => {
    const answer = await check('planted', '--unit', 'companyID');
    expect([answer.unit, units(answer)]).toEqual(['company_id', { control: 5, treatment: 0 }]);
    expect(await check('planted', '--unit', 'user')).toMatchObject({
      code: 1,
      json: { error: { code: 'SLUICE_CHECK_UNKNOWN_UNIT', message: expect.stringContaining('company_id') } },
    });
  });

  it('counts units that were first exposed on the days asked for', async () => {
    const all = await check('ten_ninety');
    expect([all.code, units(all)]).toEqual([3, { Small: 190, large: 910 }]);
    const first = await check('ten_ninety', '--to', BEFORE);
    expect([first.code, first.p_value, units(first)]).toEqual([0, 1, { Small: 100, large: 900 }]);
    const last = await check('ten_ninety', '--from', DAY);
    expect([last.code, units(last)]).toEqual([3, { Small: 90, large: 10 }]);
  });

  it('tests few units too, and has no expectation unless one is stated', async () => {
    expect(await check('tiny')).toMatchObject({
      code: 0,
      p_value: expect.closeTo(0.8826342303212877, 12),
      json: { untested: null, groups: [{ expected: 4.5 }, { expected: 4.5 }] },
    });
    const unstated = await check('unstated');
    expect(unstated).toMatchObject({
      code: 0,
      p_value: null,
      groups: [
        { group_id: 'a', units: 90, expected: null },
        { group_id: 'b', units: 10, expected: null },
      ],
      json: { untested: { reason: 'no_split', text: expect.stringContaining('--equal') } },
    });
    expect(await check('unstated', '--equal')).toMatchObject({
      code: 3,
      p_value: expect.closeTo(7.628876453394749e-14, 22),
      json: { expected_from: 'equal' },
    });
  });

  it('takes the split from the specs that were pulled, with the names of groups', async () => {
    const specs = join(repositoryRoot, 'demo', 'specs', 'specs.json');
    const pulled = await story.sluice('groups', 'pull', '--specs', specs);
    expect(pulled.code).toBe(0);
    const answer = await check('checkout_button');
    expect(answer).toMatchObject({
      code: 0,
      json: {
        expected_from: 'specs',
        p_value: expect.closeTo(0.6714791931292463, 10),
        groups: [
          { group_id: '3QfjCheckoutControl', group_name: 'Control', units: 60, expected: 50 },
          { group_id: '3QfjCheckoutTest', group_name: 'Test', units: 40, expected: 50 },
        ],
      },
    });
  });

  it('finds rows that have the hashed name, under either name', async () => {
    const answer = await check('late_name', '--equal');
    // Two units saw a under the hash and b under the name.
    expect([units(answer), answer.crossovers]).toEqual([{ a: 30, b: 28 }, 2]);
    expect(await check(hashedNames('planted')[0] ?? '')).toMatchObject({ experiment: 'planted', code: 3 });
  });

  it('checks a gate by its rule, and an experiment before a gate of the same name', async () => {
    const gate = await check('rollout');
    expect(gate).toMatchObject({
      code: 3,
      kind: 'gate',
      groups: [
        { group_id: 'half:Fail', units: 160, expected: 100 },
        { group_id: 'half:Pass', units: 40, expected: 100 },
        { group_id: 'staff:Pass', units: 50, expected: null },
      ],
      json: { unexpected_groups: [] },
    });
    expect(await check('unstated', '--gate')).toMatchObject({
      kind: 'gate',
      groups: [{ group_id: 'r:Pass' }],
    });
    const { stdout } = await story.sluice('check', 'unstated');
    expect(stdout).toContain('A gate has the same name: --gate checks it.');
  });

  it('checks other environments when they are asked for', async () => {
    expect(await check('in_staging')).toMatchObject({
      code: 1,
      json: { error: { message: expect.stringContaining('in_staging, production.') } },
    });
    const staging = await check('in_staging', '--environment', 'staging');
    expect(units(staging)).toEqual({ a: 20 });
  });

  it('checks the experiment of a layer', async () => {
    const answer = await check('in_layer');
    expect([answer.kind, units(answer)]).toEqual(['experiment', { a: 15 }]);
  });

  it('refuses a name that nothing has, with what may have been meant', async () => {
    expect(await check('plantd')).toMatchObject({
      code: 1,
      json: {
        error: {
          code: 'SLUICE_CHECK_UNKNOWN_EXPERIMENT',
          message: expect.stringContaining('plantd, production. Did you mean planted?'),
        },
      },
    });
    expect(await check('no_rows_yet')).toMatchObject({
      code: 0,
      groups: [],
      p_value: null,
      json: { mismatch: false, newest_received_at: null, lag_ms: null },
    });
    const text = await story.sluice('check', 'no_rows_yet');
    expect(text.stdout).toContain('no_rows_yet (experiment, production): 0 units by user_id, 0 exposures');
  });

  it.each([
    [['--unit', 'user_id'], 'SLUICE_USAGE_OPTIONS'],
    [['a', 'b'], 'SLUICE_USAGE_ARGUMENTS'],
    [['a', '--from', '2026-02-02', '--to', '2026-02-01'], 'SLUICE_USAGE_OPTIONS'],
  ])('is used wrongly with %j', async (args, code) => {
    const { code: exit, stderr } = await story.sluice('check', ...args);
    expect([exit, stderr]).toEqual([2, expect.stringContaining(code)]);
  });
});

const listed = z.looseObject({
  experiments: z.array(z.looseObject({ experiment: z.string(), kind: z.string(), verdict: z.string() })),
  total: z.number(),
});
async function list(...args: string[]) {
  const { code, stdout } = await story.sluice('check', ...args, '--json');
  return { code, ...listed.parse(JSON.parse(stdout)) };
}

describe('sluice check without a name', () => {
  it('lists experiments and gates with the same counts and verdicts as the check of each', async () => {
    const all = await list();
    expect(all.code).toBe(3);
    const named = (experiment: string, kind = 'experiment') =>
      all.experiments.find((one) => one.experiment === experiment && one.kind === kind);
    expect(named('planted')).toMatchObject({
      unit: 'user_id',
      units: 1_000,
      exposures: 1_008,
      groups: [
        { group_id: 'control', units: 600, expected: 500 },
        { group_id: 'treatment', units: 400, expected: 500 },
      ],
      verdict: 'mismatch',
      p_value: expect.closeTo(5.583503370468881e-8, 16),
      largest_deviation: 0.1,
      crossovers: 3,
      held_out: 7,
      null_units: 5,
      first_seen: new Date(today).toISOString(),
      last_seen: new Date(today + 1_000).toISOString(),
      untested: null,
    });
    expect(named('ten_ninety')).toMatchObject({ units: 1_100, verdict: 'mismatch' });
    expect(named('missing_group')).toMatchObject({
      groups: [{ units: 50 }, { units: 50 }, { group_id: 'c', units: 0 }],
      verdict: 'mismatch',
    });
    expect(named('extra_group')).toMatchObject({ unexpected_groups: ['ghost'], verdict: 'mismatch' });
    expect(named('tiny')).toMatchObject({ verdict: 'as_expected', untested: null });
    expect(named('unstated')).toMatchObject({ verdict: 'not_tested', untested: { reason: 'no_split' } });
    expect(named('unstated', 'gate')).toMatchObject({ units: 30, exposures: 30 });
    expect(named('rollout', 'gate')).toMatchObject({ verdict: 'mismatch', unexpected_groups: [] });
    expect(named('in_layer')).toMatchObject({ layer: 'home_layer', units: 15 });
    // Rows under the hash count for the name that other rows have.
    expect(named('late_name')).toMatchObject({
      crossovers: 2,
      groups: [
        { group_id: 'a', units: 30 },
        { group_id: 'b', units: 28 },
      ],
    });
    expect(all).toMatchObject({ without_exposures: ['no_rows_yet'], cut: false });
    for (const experiment of ['planted', 'late_name', 'rollout']) {
      const alone = await check(experiment);
      const one = all.experiments.find((each) => each.experiment === experiment);
      expect([experiment, alone.json]).toMatchObject([
        experiment,
        { verdict: one?.verdict, exposures: one?.['exposures'], crossovers: one?.['crossovers'] },
      ]);
    }
  });

  it('lists only those that are asked for', async () => {
    const gates = await list('--kind', 'gate');
    expect([gates.total, new Set(gates.experiments.map(({ kind }) => kind))]).toEqual([2, new Set(['gate'])]);
    const found = await list('--search', 'GROUP');
    expect(found.experiments.map(({ experiment }) => experiment).sort()).toEqual([
      'extra_group',
      'missing_group',
    ]);
  });

  it('counts the units of all days of an experiment that began before the days', async () => {
    const { experiments } = await list('--days', '1', '--search', 'ten_ninety');
    expect(experiments).toMatchObject([{ verdict: 'mismatch', units: 1_100, exposures: 100 }]);
  });

  it('is a table for people, which names every mismatch and how to look closer', async () => {
    const { code, stdout } = await story.sluice('check');
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /^planted +experiment +MISMATCH +5\.6e-8 +1000 +user_id +control 600, treatment 400 /m,
    );
    expect(stdout).toMatch(/^balanced +experiment +as expected +1 +610 /m);
    expect(stdout).toContain(
      'MISMATCH of planted. Look closer: npx sluice check planted --local --endpoint-url http',
    );
    expect(stdout).toContain('Configured, but without exposures: no_rows_yet.');
    const staging = await story.sluice('check', '--environment', 'nowhere');
    expect(staging.code).toBe(0);
  });
});
