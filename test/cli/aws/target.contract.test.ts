import { createServer } from 'node:http';
import { afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { configuredTarget } from '../../../cli/aws/target.ts';
import type { CommandLine } from '../../../cli/terminal/commandLine.ts';
import { listen } from '../../harness/listen.ts';
import { temporaryDirectory, writeConfig } from '../../harness/temporaryDirectory.ts';

const directory = temporaryDirectory();
const fields = "() => ({ bucket: 'acme', service: 'acme', region: 'eu-west-1' })";
const SLUICE_CONFIG = writeConfig(directory.path, `${fields}, { stages: ['prod', 'dev'] }`);
/** Whether STS says whose the credentials are. */
let isAnswering: boolean;
const sts = createServer((_, response) => {
  response.setHeader('content-type', 'text/xml');
  if (isAnswering)
    response.end('<R><GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult></R>');
  else response.writeHead(403).end('<R><Error><Code>AccessDenied</Code></Error></R>');
});
// The target itself names no endpoint: with one of this machine it would be the local cloud.
process.env['AWS_ENDPOINT_URL_STS'] = await listen(sts);
process.env['AWS_ACCESS_KEY_ID'] = 'test';
process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
beforeEach(() => {
  isAnswering = true;
});
afterAll(() => {
  for (const name of ['AWS_ENDPOINT_URL_STS', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
    delete process.env[name];
  sts.close();
  directory.remove();
});

it.each([
  { what: 'the configuration', values: { stage: 'prod' }, region: 'eu-west-1' },
  { what: '--region', values: { stage: 'prod', region: 'eu-west-3' }, region: 'eu-west-3' },
  { what: 'the local cloud', values: {}, region: 'us-east-1' },
])('a deployment is in the region of $what, and has the name of its service', async ({ values, region }) => {
  const { aws, stack } = await configuredTarget({ values, positionals: [] }, { SLUICE_CONFIG });
  expect({ region: aws.region, service: stack.service }).toEqual({ region, service: 'acme' });
});

describe('the place of a command', () => {
  /** What is written to stderr while the target of a line is read twice. */
  async function noted(line: Pick<CommandLine, 'values' | 'changes'>): Promise<string> {
    const written: string[] = [];
    const spy = jest
      .spyOn(process.stderr, 'write')
      .mockImplementation((text) => written.push(String(text)) > 0);
    const whole = { ...line, positionals: [] };
    for (const _ of [1, 2]) await configuredTarget(whole, { SLUICE_CONFIG });
    spy.mockRestore();
    return written.join('');
  }

  it.each([
    { values: { stage: 'prod' }, note: 'Stage prod in eu-west-1 of account 111122223333.\n' },
    { values: {}, note: 'The local cloud on http://127.0.0.1:4566.\n' },
    { values: { local: true, stage: 'dev' }, note: 'The local cloud on http://127.0.0.1:4566, stage dev.\n' },
  ])('that changes something with $values is told once: $note', async ({ values, note }) => {
    expect(await noted({ values, changes: true })).toBe(note);
  });

  it('is told without its account if STS does not name it', async () => {
    isAnswering = false;
    expect(await noted({ values: { stage: 'prod' }, changes: true })).toBe('Stage prod in eu-west-1.\n');
  });

  it('is not told of one that only reads', async () => {
    expect(await noted({ values: { stage: 'prod' } })).toBe('');
  });
});
