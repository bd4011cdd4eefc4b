import { expect, it } from '@jest/globals';
import { readWish, type Wish } from '../../../cli/commands/start.ts';
import type { CommandLine } from '../../../cli/terminal/commandLine.ts';

const USUAL = {
  stage: undefined,
  port: 4700,
  edgePort: 4566,
  data: expect.stringMatching(/\.sluice\/data$/),
  bufferSeconds: undefined,
  checkKeys: false,
  enforceIam: false,
  allowedHosts: [],
};

// Options that are refused: test/cli/main.contract.test.ts.
it.each<{
  readonly values: CommandLine['values'];
  readonly wish: { readonly [Member in keyof Wish]?: unknown };
}>([
  { values: {}, wish: {} },
  { values: { stage: 'local' }, wish: { stage: 'local' } },
  {
    values: { stage: 'dev' },
    wish: { stage: 'dev', data: expect.stringMatching(/\.sluice\/data-dev$/) },
  },
  { values: { stage: 'dev', data: '/tmp/own' }, wish: { stage: 'dev', data: '/tmp/own' } },
  { values: { port: '0', 'edge-port': '4577' }, wish: { port: 0, edgePort: 4577 } },
  { values: { port: '4711' }, wish: { port: 4711 } },
  { values: { 'buffer-seconds': '0' }, wish: { bufferSeconds: 0 } },
  { values: { 'buffer-seconds': '90' }, wish: { bufferSeconds: 90 } },
  { values: { 'check-keys': true }, wish: { checkKeys: true } },
  { values: { 'enforce-iam': true }, wish: { enforceIam: true } },
  {
    values: { 'allow-hosts': 'sluice.test,10.0.0.7' },
    wish: { allowedHosts: ['sluice.test', '10.0.0.7'] },
  },
])('sluice start reads the options $values as $wish', async ({ values, wish }) => {
  expect(await readWish({ values, positionals: [] })).toEqual({ ...USUAL, ...wish });
});
