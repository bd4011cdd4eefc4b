import { describe, expect, it } from '@jest/globals';
import { commandOptions, namedTarget } from '../../../cli/aws/target.ts';
import { targetCommands } from '../../../observe/commands.ts';

/** Options of a command; absent if they are not given. */
interface Options {
  readonly local?: boolean;
  readonly stage?: string;
  readonly region?: string;
  /** `--endpoint-url`. */
  readonly endpoint?: string;
}

/** Options and variables that name no place together, and why. */
interface RefusedTarget {
  readonly what: string;
  readonly options: Options;
  readonly env?: Readonly<Record<string, string>>;
  readonly sentence: string;
}

const named = ({ endpoint, ...values }: Options, env: Readonly<Record<string, string>> = {}) =>
  namedTarget({ values: { ...values, 'endpoint-url': endpoint } }, env);
const LOCAL = { isLocal: true, stack: { stage: 'local' }, aws: { endpoint: 'http://127.0.0.1:4566' } };

describe('the target of a command', () => {
  it.each([
    { how: 'without options', options: {} },
    { how: 'with --local', options: { local: true } },
    { how: 'with its stage', options: { stage: 'local' } },
    { how: 'with --local and its stage', options: { local: true, stage: 'local' } },
  ])('is the local cloud $how, whatever the environment says', ({ options }) => {
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
    const isDev = { isLocal: true, stack: { stage: 'dev' }, aws: { endpoint } };
    expect(named({ stage: 'dev', endpoint })).toMatchObject(isDev);
    expect(named({ stage: 'dev' }, { AWS_ENDPOINT_URL: endpoint })).toMatchObject(isDev);
  });

  it('has a region that is named beside --local', () => {
    expect(named({ local: true, region: 'eu-west-1' })).toMatchObject({
      isLocal: true,
      aws: { region: 'eu-west-1' },
    });
  });

  it.each<RefusedTarget>([
    { what: 'a region', options: { region: 'eu-west-1' }, sentence: '--region: expected --stage with it.' },
    {
      what: 'an endpoint elsewhere',
      options: { endpoint: 'https://aws.example' },
      sentence: 'https://aws.example is not on this machine: expected --stage',
    },
    {
      what: 'an endpoint elsewhere in the environment',
      options: {},
      env: { AWS_ENDPOINT_URL: 'https://aws.example' },
      sentence: 'is not on this machine: expected --stage',
    },
    {
      what: 'the local stage and an endpoint elsewhere',
      options: { stage: 'local', endpoint: 'https://aws.example' },
      sentence: 'is not on this machine',
    },
    {
      what: '--local and an endpoint elsewhere',
      options: { local: true, endpoint: 'https://aws.example' },
      sentence: '--local: https://aws.example is not on',
    },
  ])('is refused with $what', ({ options, env, sentence }) => {
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
