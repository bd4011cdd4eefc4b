import { describe, expect, it } from '@jest/globals';
import { commandOptions, namedTarget } from '../../../cli/aws/target.ts';
import { targetCommands } from '../../../observe/commands.ts';

const named = (
  { endpoint, ...values }: { local?: boolean; stage?: string; region?: string; endpoint?: string },
  env: Readonly<Record<string, string>> = {},
) => namedTarget({ values: { ...values, 'endpoint-url': endpoint } }, env);
const LOCAL = { isLocal: true, stack: { stage: 'local' }, aws: { endpoint: 'http://127.0.0.1:4566' } };

describe('the target of a command', () => {
  it.each([
    { options: {} },
    { options: { local: true } },
    { options: { stage: 'local' } },
    { options: { local: true, stage: 'local' } },
  ])('is the local cloud with $options', ({ options }) => {
    const aws = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKIA', AWS_PROFILE: 'prod' };
    for (const env of [{}, aws]) expect(named(options, env)).toMatchObject(LOCAL);
  });

  it('is a deployment with the name of its stage', () => {
    const { aws, ...rest } = named({ stage: 'prod', region: 'eu-west-1' });
    expect({ ...rest, aws: { ...aws, requestHandler: {} } }).toEqual({
      isLocal: false,
      stack: { service: 'sluice', stage: 'prod' },
      aws: { region: 'eu-west-1', requestHandler: {} },
    });
  });

  it("is not moved by the environment's region, which Serverless does not read either", () => {
    const { aws } = named({ stage: 'prod' }, { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' });
    expect(aws.region).toBeUndefined();
  });

  it('is a stage that the local cloud runs with both, or with an endpoint of this machine', () => {
    const endpoint = 'http://127.0.0.1:4999';
    expect(named({ local: true, stage: 'dev' })).toMatchObject({ ...LOCAL, stack: { stage: 'dev' } });
    for (const [options, env] of [
      [{ endpoint }, {}],
      [{}, { AWS_ENDPOINT_URL: endpoint }],
    ] as const)
      expect(named({ stage: 'dev', ...options }, env)).toMatchObject({
        isLocal: true,
        stack: { stage: 'dev' },
        aws: { endpoint },
      });
  });

  it.each([
    [{ region: 'eu-west-1' }, {}, '--region: expected --stage with it.'],
    [{ endpoint: 'https://aws.example' }, {}, 'https://aws.example is not on this machine: expected --stage'],
    [{}, { AWS_ENDPOINT_URL: 'https://aws.example' }, 'is not on this machine: expected --stage'],
    [{ stage: 'local', endpoint: 'https://aws.example' }, {}, 'is not on this machine'],
    [{ local: true, endpoint: 'https://aws.example' }, {}, '--local: https://aws.example is not on'],
  ])('is refused with %j and %j', (options, env: Readonly<Record<string, string>>, sentence) => {
    expect(() => named(options, env)).toThrow(sentence);
  });
});

describe('a command that people copy', () => {
  const place = commandOptions({ values: { stage: 'prod', region: 'eu-west-1' } });

  it('has the place that its text is about, with npx and without', () => {
    expect(targetCommands('Run `npx sluice query "select 1"`, then `sluice redrive --landing`.', place)).toBe(
      'Run `npx sluice query "select 1" --stage prod --region eu-west-1`, then `sluice redrive --landing --stage prod --region eu-west-1`.',
    );
  });

  it('stays as it is where it names its place, or has none', () => {
    const text = '`npx sluice start`, `sluice status --local`, `sluice query --help`, `sluice --help`';
    expect(targetCommands(text, place)).toBe(text);
  });
});
