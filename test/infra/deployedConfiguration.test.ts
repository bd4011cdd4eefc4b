import { describe, expect, it } from '@jest/globals';
import {
  removedParts,
  statedConfiguration,
  undeployedSettings,
} from '../../infra/template/deployedConfiguration.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { Config, ConfigInput } from '../../lib/schema/config.ts';

const configOf = (input: Partial<ConfigInput>) => defineConfig({ bucket: 'acme', ...input });
const key = { label: 'web', sha256: 'a'.repeat(64) };
const holdouts = ['a'.repeat(70)];

/** Configurations, and what is told of them. */
interface Difference {
  /** What differs. */
  readonly what: string;
  /** What is deployed. */
  readonly before: Partial<ConfigInput>;
  /** What is configured. */
  readonly now: Partial<ConfigInput>;
  /** Texts, or matchers of them. */
  readonly differences: readonly unknown[];
}
const DIFFERENCES: readonly Difference[] = [
  { what: 'nothing', before: {}, now: {}, differences: [] },
  {
    what: 'values',
    before: { curate: true },
    now: { curate: false, curateAfter: 9 },
    differences: [
      'curate: deployed true, configured false',
      expect.stringMatching(/^curateAfter: deployed \d+, configured 9$/),
    ],
  },
  {
    what: 'what is configured anew, of which only a digest is known',
    before: {},
    now: { keys: [key] },
    differences: ['keys.web: configured, not deployed'],
  },
  {
    what: 'what is no longer configured',
    before: { keys: [key] },
    now: {},
    differences: ['keys.web: deployed, not configured'],
  },
  {
    what: 'a list that is shown, and one that is too long to be',
    before: { holdouts: ['a'] },
    now: { holdouts },
    differences: ['holdouts: deployed ["a"], configured'],
  },
  {
    what: 'an address, which may hold a secret',
    before: { passThrough: { url: 'https://proxy.example.com/a' } },
    now: { passThrough: { url: 'https://proxy.example.com/b' } },
    differences: ['passThrough.url: deployed with other values'],
  },
  {
    what: 'how many copies are sent at once, and not by their target',
    before: { relay: { url: 'https://a.test/', concurrency: 2 } },
    now: { relay: { url: 'https://b.test/', concurrency: 7 } },
    differences: ['relay.concurrency: deployed 2, configured 7'],
  },
  {
    what: 'nothing that shapes no resource',
    before: {},
    now: { keysInSecret: true, account: '111122223333', region: 'eu-west-1' },
    differences: [],
  },
];

it.each(DIFFERENCES)(
  'the configuration differs from what is deployed by $what',
  ({ before, now, differences }) => {
    expect(undeployedSettings(configOf(now), statedConfiguration(configOf(before)), false)).toEqual(
      differences,
    );
  },
);

it.each([
  { what: 'no output', output: undefined },
  { what: 'an empty output', output: '' },
  { what: 'an output that is no JSON', output: 'none' },
  { what: 'an output that is a list', output: '[]' },
  { what: 'an output whose setting is an object', output: '{"curate":{"is":true}}' },
])('the configuration differs by nothing from $what, which does not state one', ({ output }) => {
  expect(undeployedSettings(configOf({}), output, false)).toEqual([]);
});

describe('what a deployment takes away', () => {
  const dataset = { name: 'refunds', kind: 'table', mapping: { columns: { n: 'n' } } } as const;
  const source = { name: 'acme', bucket: 'customer', owner: '222222222222', region: 'eu-central-1' } as const;
  const before = configOf({
    unitIds: { companyID: 'company_id', teamID: 'team_id' },
    sources: [{ ...source, datasets: [dataset, { ...dataset, name: 'orders' }] }],
    holdouts: ['a'],
  });
  const stated = statedConfiguration(before);

  it('is the columns, datasets and exports that are deployed and not configured', () => {
    const now = configOf({
      unitIds: { teamID: 'team' },
      sources: [{ ...source, datasets: [{ ...dataset, mapping: { columns: { m: 'm' } } }] }],
    });
    expect(removedParts(now, stated)).toEqual([
      expect.stringMatching(
        /^unitIds\.companyID: deployed company_id, not configured: the column company_id /,
      ),
      expect.stringMatching(/^unitIds\.teamID: deployed team_id, configured team: the column team_id /),
      'sources.acme.datasets.orders: deployed, not configured: no run loads its days any more.',
    ]);
  });

  it('is nothing of what is configured anew, of a stack that states no settings, and of one that stays', () => {
    expect(removedParts(before, statedConfiguration(configOf({})))).toEqual([]);
    expect(removedParts(configOf({}), undefined)).toEqual([]);
    expect(removedParts(before, stated)).toEqual([]);
  });
});

describe('the configuration of a stack of another release', () => {
  const undeployed = (before: Config, now: Config) =>
    undeployedSettings(now, statedConfiguration(before), true);

  it('may have other settings', () => {
    const before = configOf({ relay: { url: 'https://a.test/', concurrency: 2 } });
    expect(undeployed(before, { ...before, relay: undefined })).toEqual([]);
  });

  it('differs by a setting that both releases have', () => {
    expect(undeployed(configOf({}), configOf({ holdouts: ['a'] }))).toEqual([
      'holdouts: deployed none, configured ["a"]',
    ]);
  });

  it('is not compared by the digests of named entries', () => {
    const before = configOf({ keys: [key] });
    // As of a release whose keys have another member.
    const now = { ...before, keys: before.keys.map((deployed) => ({ ...deployed, environment: 'x' })) };
    expect(undeployed(before, now)).toEqual([]);
    expect(undeployedSettings(now, statedConfiguration(before), false)).toEqual([
      'keys.web: deployed with other values',
    ]);
  });
});

describe('the stated configuration', () => {
  it('has nothing of what may be a secret', () => {
    const stated = statedConfiguration(
      configOf({
        privacy: { redact: { 'user.email': 'hash' }, salt: 'a salt of sixteen or more' },
        relay: { url: 'https://relay.acme.com/token', headers: { authorization: 'Bearer x' } },
      }),
    );
    expect(stated).toContain('"privacy.redact.user.email":"hash"');
    expect(stated).not.toMatch(/sixteen|token|Bearer/);
  });

  it('has digests that tell nothing of external IDs, and do not depend on the order of members', () => {
    const statsig = { kind: 'statsig', name: 'bi', principal: '123456789012' } as const;
    const statedOf = (...readers: ConfigInput['readers'] & object) =>
      statedConfiguration(configOf({ readers }));
    const first = statedOf({ ...statsig, externalId: 'project-7' });
    expect(first).toMatch(/"readers\.bi":"sha256:/);
    expect(statedOf({ externalId: 'project-8', ...statsig })).toBe(first);
    expect(statedOf({ ...statsig, principal: '123456789013', externalId: 'project-7' })).not.toBe(first);
  });
});
