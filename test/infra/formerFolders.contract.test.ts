import { describe, expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import { policyScope } from '../../lib/access/arns.ts';
import { lifecycleRules } from '../../lib/access/buckets/lifecycleRules.ts';
import { erasePolicy } from '../../lib/access/operators/erasePolicy.ts';
import { exportSession, loadSession } from '../../lib/access/sessionPolicies.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { functionConfig } from '../../lib/config/functionConfig.ts';
import { placeFolders } from '../../lib/erase/erasePlaces.ts';
import { type ConfigInput, configSchema } from '../../lib/schema/config.ts';
import { acmeSource, exportTo, READERS } from '../harness/configInput.ts';
import { problemPaths } from '../lib/config/problemPaths.ts';

const input: ConfigInput = {
  bucket: 'acme',
  statsigFolder: 'present',
  curate: true,
  readers: [...READERS],
  sources: [acmeSource()],
  exports: [exportTo({}, { table: 'curated_events' }), exportTo({}, { name: 'raw' })],
};
const former = [{ folder: 'former', until: '2026-11-26' }];
const config = defineConfig({ ...input, formerStatsigFolders: former });
const scope = { partition: 'aws', account: '111122223333', region: 'us-east-1', keyArn: 'key' };

/** Every text with a folder of rows of the present Statsig folder. */
function folders(value: unknown): string[] {
  if (typeof value === 'string') return /present\/(statsig_forwarded_|ingested)/.test(value) ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(folders) : [];
}

/** The texts with a folder of the present Statsig folder that a value has without the same of the former one. */
function missing(value: unknown): string[] {
  const all = JSON.stringify(value);
  return [...new Set(folders(value))].filter((text) => {
    const twin = JSON.stringify(text.replaceAll('present/', 'former/')).slice(1, -1);
    return !all.includes(twin);
  });
}

describe('a former Statsig folder', () => {
  it('is in every policy, rule and list that has the present one', () => {
    const { Resources } = resources({ config, service: 'sluice', stage: 'prod' });
    const gaps = Object.entries(Resources).flatMap(([id, resource]) =>
      // Tables are where new days are written; the groups, which the collector reads, are written anew,
      // and received hours are those of the last days, but for the registrar, which looks when the last night was.
      /Table$|Stream|DeliveryRole$|CollectRole/.test(id)
        ? []
        : missing(resource).flatMap((text) =>
            text.includes('/received_hours/') && id !== 'RegisterRole' ? [] : [`${id}: ${text}`],
          ),
    );
    expect(folders(Resources).length).toBeGreaterThan(30);
    expect(gaps).toEqual([]);
    const session = { ...scope, bucket: 'acme', encryption: 'kms' as const, keyArn: null };
    const [source] = config.sources;
    const [exported] = config.exports;
    if (source?.datasets[0] === undefined || exported === undefined) throw new Error('nothing');
    for (const policy of [
      loadSession(session, config, source, source.datasets[0]),
      exportSession(session, config, exported),
    ])
      expect(missing(JSON.parse(policy))).toEqual([]);
    const erase = missing(erasePolicy(policyScope(config, scope), config, 'sluice-prod'));
    expect(erase.filter((text) => !text.includes('/received_hours/'))).toEqual([]);
    expect(missing(lifecycleRules(config))).toEqual([]);
    for (const where of ['exposures', 'events', 'curated', 'ingested'] as const)
      expect(missing(placeFolders(config, where))).toEqual([]);
  });

  it('makes statements whose resources are texts', () => {
    const nested = (value: unknown): boolean =>
      typeof value === 'object' &&
      value !== null &&
      Object.entries(value).some(
        ([name, member]) =>
          (name === 'Resource' && Array.isArray(member) && member.some(Array.isArray)) || nested(member),
      );
    expect(nested(resources({ config, service: 'sluice', stage: 'prod' }))).toBe(false);
  });

  it('is known to every function that knows the present one, but for what is written anew', () => {
    for (const [name, members] of Object.entries(functionConfig)) {
      const own = members(config);
      // Of this one only the table of experiment groups.
      if ('statsigFolder' in own && name !== 'collect')
        expect({ name, own }).toMatchObject({ name, own: { formerStatsigFolders: former } });
    }
  });

  it('changes nothing where there is none', () => {
    const without = defineConfig(input);
    const made = (configuration: typeof config) =>
      resources({ config: configuration, service: 'sluice', stage: 'prod' });
    expect(JSON.stringify(made(without))).not.toContain('former');
    expect(configSchema.parse({ bucket: 'acme' }).formerStatsigFolders).toEqual([]);
  });

  it.each<{ readonly what: string; readonly path: string; readonly formerStatsigFolders: object[] }>([
    {
      what: 'the present one',
      path: '0.folder',
      formerStatsigFolders: [{ folder: 'present', until: '2026-11-26' }],
    },
    {
      what: 'one twice',
      path: '1.folder',
      formerStatsigFolders: [...former, { folder: 'former', until: '2026-10-10' }],
    },
    {
      what: 'two that end on one day',
      path: '1.until',
      formerStatsigFolders: [...former, { folder: 'first', until: '2026-11-26' }],
    },
    {
      what: 'a folder with another use',
      path: '0.folder',
      formerStatsigFolders: [{ folder: 'ledger', until: '2026-11-26' }],
    },
    { what: 'no day', path: '0.until', formerStatsigFolders: [{ folder: 'former', until: 'soon' }] },
  ])('refuses $what', ({ path, formerStatsigFolders }) => {
    expect(problemPaths({ ...input, formerStatsigFolders }, 'formerStatsigFolders.')).toEqual([path]);
  });
});
