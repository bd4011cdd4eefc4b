import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { heldElsewhere } from '../../../operate/erase/heldElsewhere.ts';
import { acmeSource, exportTo, READERS } from '../../harness/configInput.ts';

const ALWAYS = [
  ['Statsig', 'https://api.statsig.com'],
  ['tables that readers made', 's3://own/reader-tables/*/tables/'],
];

const held = (input: Partial<ConfigInput>) =>
  heldElsewhere({
    config: defineConfig({ bucket: 'own', ...input }),
    stack: { service: 'sluice', stage: 'prod' },
    aws: { region: 'us-east-1' },
    isLocal: false,
  });

it('data that an erasure cannot reach is at Statsig and in what readers made, if nothing else is configured', () => {
  expect(held({}).map(({ what, where }) => [what, where])).toEqual(ALWAYS);
});

it('data that an erasure cannot reach is with each export, source, relay and reader that has results of its own', () => {
  const found = held({
    sources: [acmeSource()],
    exports: [exportTo({ bucket: 'theirs', folder: 'in' }, { name: 'raw' })],
    relay: { url: 'https://relay.example.org' },
    readers: READERS,
    retention: { queryResultDays: 9 },
  });
  expect(found.map(({ what, where }) => [what, where])).toEqual([
    ALWAYS[0],
    ['export raw', 's3://theirs/in/'],
    ['source acme', 's3://acme-drops/'],
    ['relay: copies and its target', 'https://relay.example.org'],
    ['results of owox', 's3://acme-owox/'],
    ALWAYS[1],
  ]);
  expect(found[1]?.todo).toContain('sluice export status --export raw --days ');
  expect(found[4]?.todo).toContain('after 9 days');
});

it('data that an erasure cannot reach is at Statsig, too, where relay sends copies there', () => {
  expect(held({ relay: { statsig: true } })[1]?.where).toBe('Statsig');
});

it('data that an erasure cannot reach does not expire in results of a reader that are kept', () => {
  const found = held({ readers: READERS, retention: { queryResultDays: null } });
  const results = found.find(({ what }) => what === 'results of owox');
  expect(results?.todo).toMatch(/do not expire .*`retention\.queryResultDays` is null: delete them\./);
});
