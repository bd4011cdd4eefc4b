import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readerQuestions } from '../../cli/connect/questions.ts';
import { assignmentSource } from '../../cli/connect/statsigGuide.ts';
import { collectPlan } from '../../lib/collect/rows/plan.ts';
import { collectBatch } from '../../lib/collect/rows.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { exposuresTable } from '../../lib/tables/exposuresTable.ts';
import { decodeBody } from '../../lib/wire/decodeBody.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { wasAssignment } from '../lib/views/generateRows.ts';
import { type LandedRow, openData } from '../lib/views/openData.ts';

const HOLDOUTS = ['global_holdout', 'layer_holdout'];
const USERS = Array.from({ length: 150 }, (_, i) => `user-${i}`);
const EXPERIMENTS = ['running', 'shipped', 'abandoned', 'targeted', 'held_later'];
/** Rules that the SDK reports for users. */
type Decided = readonly { readonly user: string; readonly name: string; readonly rule: string }[];

/** Specs as Statsig's `download_config_specs` has them: the kinds of rules of statsig-rust's eval_proj_dcs.json. */
function specs(afterwards: boolean): object {
  const conditions: Record<string, object> = {};
  const when = (type: string, targetValue: unknown, operator: string | null, salt = '') => {
    const name = `${type} ${String(targetValue)} ${salt}`;
    conditions[name] = {
      ...{ type, targetValue, operator, idType: 'userID', additionalValues: { salt } },
      field: type === 'user_field' ? 'userID' : null,
    };
    return name;
  };
  const rule = (id: string, condition: string, more: object = {}) => ({
    ...{ name: id, id, salt: id, passPercentage: 100, conditions: [condition] },
    ...{ returnValue: {}, idType: 'userID', ...more },
  });
  const spec = (entity: string, rules: object[], more: object = {}) => ({
    ...{ type: entity.endsWith('gate') || entity === 'holdout' ? 'feature_gate' : 'dynamic_config', entity },
    ...{ salt: entity, enabled: true, defaultValue: {}, idType: 'userID', version: 1, rules, ...more },
  });
  const everybody = when('public', null, null);
  const heldOutBy = (holdout: string) =>
    rule(`rule_of_${holdout}`, when('pass_gate', holdout, 'any'), { passPercentage: 0 });
  const gate = (entity: string, percent: number, name: string, before: object[] = []) =>
    spec(
      entity,
      [...before, rule(`rule_of_gate_${name}`, everybody, { passPercentage: percent, returnValue: true })],
      { defaultValue: false },
    );
  const experiment = (name: string, before: object[], state: string | null = null) => {
    const group = (id: string, condition: string) =>
      rule(`${name}_${id}`, condition, { groupName: id, isExperimentGroup: true, returnValue: { text: id } });
    const running = [
      rule('layerAssignment', when('user_bucket', 800, 'gte', name)),
      group('control', when('user_bucket', 400, 'lt', name)),
      group('test', everybody),
    ];
    const override = when('user_field', ['user-0', 'user-1'], 'any');
    return spec(
      'experiment',
      [
        rule(`${name}_control:userID:id_override`, override, { groupName: 'control' }),
        ...before,
        ...(state === null ? running : [rule(state, everybody, { groupName: 'test' })]),
      ],
      { isActive: state === null, hasSharedParams: name === 'layered', explicitParameters: ['text'] },
    );
  };
  const global = heldOutBy('global_holdout');
  const targeting = rule('targetingGate', when('fail_gate', 'vip', 'any'));
  return {
    ...{ company_id: 'groups', has_updates: true, time: Date.now(), response_format: 'dcs-v2' },
    feature_gates: {
      global_holdout: gate('holdout', 20, 'global_holdout'),
      layer_holdout: gate('holdout', 20, 'layer_holdout'),
      vip: gate('feature_gate', 50, 'vip'),
      held_gate: gate('feature_gate', 50, 'held_gate', [{ ...global, returnValue: false }]),
    },
    dynamic_configs: {
      running: experiment('running', [global]),
      shipped: experiment('shipped', [global], afterwards ? 'launchedGroup' : null),
      abandoned: experiment('abandoned', [], afterwards ? 'abandoned' : null),
      // Every unit that is in a group has passed a gate.
      targeted: experiment('targeted', [targeting]),
      held_later: experiment('held_later', afterwards ? [global] : []),
      layered: experiment('layered', [heldOutBy('layer_holdout')]),
    },
    layer_configs: {
      layer: spec(
        'layer',
        [
          heldOutBy('layer_holdout'),
          rule('experimentAssignment', everybody, { configDelegate: 'layered', passPercentage: 100 }),
        ],
        { defaultValue: { text: '' }, explicitParameters: [] },
      ),
    },
    ...{ condition_map: conditions, id_lists: {}, layers: { layer: ['layered'] } },
    experiment_to_layer: { layered: 'layer' },
  };
}

const config = defineConfig({ bucket: 'acme', holdouts: HOLDOUTS });
const unknowing = defineConfig({ bucket: 'acme' });
const lakes = {
  /** Written by the collector of today, which knows the holdouts. */
  today: temporaryDirectory(),
  /** The same events as version 45f542a wrote them. */
  earlier: temporaryDirectory(),
  /** Holdouts are not configured. */
  unknown: temporaryDirectory(),
};
let before: Decided;
let after: Decided;
let server: Server;

beforeAll(async () => {
  let served = JSON.stringify(specs(false));
  const bodies: string[] = [];
  server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.method !== 'POST') return response.end(served);
    const contentEncoding = request.headers['content-encoding'] ?? '';
    const body = await buffer(request);
    bodies.push(decodeBody(body, { contentEncoding, statsigEncoded: false }).text);
    return response.writeHead(202).end('{"success":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  before = await drive(server);
  served = JSON.stringify(specs(true));
  after = await drive(server);
  const [known, plain] = [landed(config, bodies), landed(unknowing, bodies)];
  const earlier = plain.map((row) => ({ ...row, is_assignment: wasAssignment(row) }));
  await openData(lakes.today.path, config, { exposures: known, events: [] });
  await openData(lakes.earlier.path, config, { exposures: earlier, events: [] });
  await openData(lakes.unknown.path, unknowing, { exposures: plain, events: [] });
}, 120_000);
afterAll(() => {
  server.close();
  for (const lake of Object.values(lakes)) lake.remove();
});

async function drive(specsServer: Server): Promise<Decided> {
  const address = specsServer.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const settings = {
    specsUrl: `${origin}/v2/download_config_specs`,
    logEventUrl: `${origin}/v1/log_event`,
    users: USERS,
    experiments: [...EXPERIMENTS, 'layered'],
    gates: ['held_gate'],
    layers: { layer: 'text' },
  };
  const script = join(repositoryRoot, 'test', 'harness', 'driveExperiments.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Server Core reports its failures to Statsig, whatever its options: the proxy keeps these reports on this machine.
    env: { ...process.env, HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' },
  });
  return JSON.parse(await text(child.stdout));
}

function landed(plan: typeof config, bodies: readonly string[]): LandedRow[] {
  const columns = exposuresTable(plan).columns.map(({ name }) => [name, null]);
  const sender = { keyHash: 'k', clientTimes: [], sessionId: null, sdkType: null, sdkVersion: null };
  return bodies.flatMap((body) =>
    collectBatch(body, { ...sender, receivedAt: Date.now() }, collectPlan(plan)).rows.exposures.map(
      ({ day, json }) => ({ ...Object.fromEntries(columns), ...JSON.parse(json), ds: day }),
    ),
  );
}

/** Athena's functions of dates in DuckDB's words; what else a question says, both understand. */
const inDuckDb = (sql: string) =>
  sql
    .replaceAll(/date_add\('day', -(\d+), current_date\)/g, '(current_date - $1)')
    .replaceAll('{statsig_start_date}', 'current_date - 2')
    .replaceAll('{statsig_end_date}', 'current_date + 1');
const questions = Object.fromEntries(readerQuestions(config).map(({ name, sql }) => [name, inDuckDb(sql)]));
const isGroup = (name: string, rule: string) => [`${name}_control`, `${name}_test`].includes(rule);
/** Users by experiment and group, as the SDK decided first. */
const groupsOf = (decided: Decided) =>
  decided
    .filter(({ name, rule }) => isGroup(name, rule))
    .map(({ user, name, rule }) => `${name} ${rule} ${user}`)
    .sort();
const heldOutOf = (decided: Decided) => decided.filter(({ rule }) => rule.startsWith('rule_of_'));

describe.each(['today', 'earlier'] as const)('groups of experiments in a lake of %s', (lake) => {
  const query = (sql: string) => runQuery(lakes[lake].path, sql);

  it('are the groups of the specs, however the experiment ended', async () => {
    const rows = await query(
      `SELECT experiment_id, group_id, unit_id, groups_seen FROM first_exposures
       WHERE unit_type = 'user_id' AND NOT is_gate`,
    );
    const shown = rows.map((row) => `${row['experiment_id']} ${row['group_id']} ${row['unit_id']}`).sort();
    expect(shown).toEqual(groupsOf(before));
    expect(new Set(rows.map(({ groups_seen }) => Number(groups_seen)))).toEqual(new Set([1]));
    // All tried cases are there: each experiment with two groups, and units in all the other rules.
    expect(new Set(rows.map(({ experiment_id: name, group_id: group }) => `${name} ${group}`)).size).toBe(12);
    const rules = [...before, ...after].map(({ rule }) => rule.replace(/^.*:id_/, ':id_'));
    expect(new Set(rules)).toEqual(
      new Set([
        ...[...EXPERIMENTS, 'layered'].flatMap((name) => [`${name}_control`, `${name}_test`]),
        ...HOLDOUTS.map((name) => `rule_of_${name}`),
        ...['launchedGroup', 'abandoned', 'layerAssignment', 'targetingGate', ':id_override'],
        'rule_of_gate_held_gate',
      ]),
    );
  });

  it('are the same in every printed question and in the assignment source', async () => {
    const expected = groupsOf(before);
    const source = await query(
      `SELECT DISTINCT experiment_id, group_id, user_id FROM (${inDuckDb(assignmentSource(config).sql)})
       WHERE exposure_type <> 'gate'`,
    );
    expect(
      source.map((row) => `${row['experiment_id']} ${row['group_id']} ${row['user_id']}`).sort(),
    ).toEqual(expected);
    const counts = new Map<string, number>();
    for (const line of expected) {
      const key = line.split(' ').slice(0, 2).join(' ');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const split = await query(questions['Split and crossovers'] ?? '');
    expect(
      new Map(split.map((row) => [`${row['experiment_id']} ${row['group_id']}`, Number(row['users'])])),
    ).toEqual(counts);
    expect(split.filter(({ crossovers }) => Number(crossovers) > 0)).toEqual([]);
    const conversion = await query(questions['Conversion by group'] ?? '');
    expect(new Set(conversion.map((row) => `${row['experiment_id']} ${row['group_id']}`))).toEqual(
      new Set(counts.keys()),
    );
    const charted = await query(questions['Exposed users by day and group'] ?? '');
    expect(new Set(charted.map(({ experiment_group: line }) => line))).toEqual(
      new Set([...counts.keys()].map((key) => key.replace(' ', ' / '))),
    );
  });

  it('leave out held-out units, which are counted by `held_out`', async () => {
    const rows = await query(
      `SELECT DISTINCT experiment_id, user_id, group_id FROM experiment_exposures WHERE held_out`,
    );
    const shown = rows.map((row) => `${row['experiment_id']} ${row['user_id']} ${row['group_id']}`).sort();
    const decided = heldOutOf([...before, ...after]).filter(({ rule }) => rule !== 'rule_of_gate_held_gate');
    expect(shown).toEqual([...new Set(decided.map(({ name, user }) => `${name} ${user} null`))].sort());
    expect(new Set(rows.map(({ experiment_id: name }) => name))).toEqual(
      new Set(['running', 'shipped', 'held_later', 'layered', 'layer', 'held_gate']),
    );
  });

  it('show which units were held out after the start', async () => {
    const rows = await query(
      `SELECT unit_id FROM first_exposures WHERE experiment_id = 'held_later' AND unit_type = 'user_id' AND held_out`,
    );
    const groups = new Set(
      before.filter(({ name, rule }) => name === 'held_later' && isGroup(name, rule)).map(({ user }) => user),
    );
    const later = heldOutOf(after).filter(({ name, user }) => name === 'held_later' && groups.has(user));
    expect(later.length).toBeGreaterThan(5);
    expect(rows.map(({ unit_id }) => unit_id).sort()).toEqual(later.map(({ user }) => user).sort());
  });
});

describe('groups of experiments with unknown holdouts', () => {
  it('are derived from constants, with held-out units as a further group', async () => {
    const rows = await runQuery(
      lakes.unknown.path,
      `SELECT experiment_id, group_id, bool_or(held_out) AS held_out FROM first_exposures WHERE NOT is_gate GROUP BY 1, 2`,
    );
    const groups = (name: string) =>
      rows
        .filter((row) => row['experiment_id'] === name)
        .map((row) => String(row['group_id']))
        .sort();
    for (const name of ['abandoned', 'targeted']) {
      expect(groups(name)).toEqual([`${name}_control`, `${name}_test`]);
    }
    for (const name of ['running', 'shipped', 'held_later']) {
      expect(groups(name)).toEqual(['rule_of_global_holdout', `${name}_control`, `${name}_test`].sort());
    }
    expect(rows.filter(({ held_out }) => held_out)).toEqual([]);
  });
});
