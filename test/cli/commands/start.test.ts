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
  readonly what: string;
  readonly values: CommandLine['values'];
  readonly wish: { readonly [Member in keyof Wish]?: unknown };
}>([
  { what: 'nothing', values: {}, wish: {} },
  { what: 'the stage local', values: { stage: 'local' }, wish: { stage: 'local' } },
  {
    what: 'another stage, with a folder of its own',
    values: { stage: 'dev' },
    wish: { stage: 'dev', data: expect.stringMatching(/\.sluice\/data-dev$/) },
  },
  {
    what: 'another stage in a folder that is named',
    values: { stage: 'dev', data: '/tmp/own' },
    wish: { stage: 'dev', data: '/tmp/own' },
  },
  { what: 'both ports', values: { port: '0', 'edge-port': '4577' }, wish: { port: 0, edgePort: 4577 } },
  { what: 'the port of the collector', values: { port: '4711' }, wish: { port: 4711 } },
  { what: 'no buffering', values: { 'buffer-seconds': '0' }, wish: { bufferSeconds: 0 } },
  { what: 'seconds of buffering', values: { 'buffer-seconds': '90' }, wish: { bufferSeconds: 90 } },
  { what: 'that keys are checked', values: { 'check-keys': true }, wish: { checkKeys: true } },
  { what: 'that policies are enforced', values: { 'enforce-iam': true }, wish: { enforceIam: true } },
  {
    what: 'other names of hosts',
    values: { 'allow-hosts': 'sluice.test,10.0.0.7' },
    wish: { allowedHosts: ['sluice.test', '10.0.0.7'] },
  },
])('the options of sluice start wish for $what', async ({ values, wish }) => {
  expect(await readWish({ values, positionals: [] })).toEqual({ ...USUAL, ...wish });
});

it.each([
  { option: 'port', port: '6000' },
  { option: 'edge-port', port: '6566' },
  { option: 'edge-port', port: '10080' },
])('sluice start refuses the --$option $port, which fetch refuses', async ({ option, port }) => {
  const wished = readWish({ values: { [option]: port }, positionals: [] });
  await expect(wished).rejects.toMatchObject({
    code: 'SLUICE_USAGE_OPTIONS',
    message: expect.stringContaining(`--${option}: got ${port}`),
  });
});

it.each(['6565', '6670'])('sluice start takes the port %s, which is beside those', async (port) => {
  expect(await readWish({ values: { port }, positionals: [] })).toMatchObject({ port: Number(port) });
});
