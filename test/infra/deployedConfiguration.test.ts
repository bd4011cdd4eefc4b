import { expect, it } from '@jest/globals';
import { statedConfiguration, undeployedSettings } from '../../infra/template/deployedConfiguration.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';

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

it.each([undefined, '', 'none', '[]', '{"curate":{"is":true}}'])(
  'the configuration differs by nothing from the output %j, which does not state one',
  (output) => {
    expect(undeployedSettings(configOf({}), output, false)).toEqual([]);
  },
);
