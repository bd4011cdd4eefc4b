import { describe, expect, it } from '@jest/globals';
import { withOwnSettings } from '../../infra/serverless/ownSettings.ts';
import { queueExecutions, serviceConfiguration } from '../../infra/serverless/service.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { acmeSource, exportTo } from '../harness/configInput.ts';

const config = defineConfig({ bucket: 'acme-experiments', region: 'eu-west-1', architecture: 'x86_64' });
const made = serviceConfiguration({ config, service: 'acme', stage: 'prod' });
/** Serverless's settings before it asks plugins, without any of the deployment's own. */
const bare = { provider: { name: 'aws', stage: 'prod', region: 'us-east-1', versionFunctions: true } };

describe("a deployment's own serverless.yml", () => {
  it('adds nothing where it says nothing, and defaults of Serverless count for nothing', () => {
    const written = { service: 'sluice', provider: { name: 'aws', stage: 'prod' } };
    expect(withOwnSettings(made, bare, written)).toEqual({
      provider: { ...made.provider, name: 'aws', stage: 'prod' },
      package: made.package,
      functions: made.functions,
      resources: made.resources,
    });
    expect(made.provider).toMatchObject({ region: 'eu-west-1', versionFunctions: false });
  });

  it('has the service of the configuration', () => {
    const acme = serviceConfiguration({
      config: { ...config, service: 'acme' },
      service: 'acme',
      stage: 'prod',
    });
    expect(withOwnSettings(acme, bare, { service: 'acme' })).toMatchObject({ package: acme.package });
    expect(() => withOwnSettings(acme, bare, { service: 'sluice' })).toThrow('expected acme');
  });

  it('takes precedence, member by member', () => {
    const own = {
      service: 'sluice',
      provider: {
        name: 'aws',
        stage: 'prod',
        region: 'eu-west-3',
        versionFunctions: true,
        httpApi: { cors: { allowedOrigins: ['https://acme.example'] } },
        environment: { TZ: 'UTC' },
      },
      functions: { collect: { memorySize: 2048 }, 'ingest-load': { memorySize: 3538 } },
      resources: { Resources: { Topic: { Type: 'AWS::SNS::Topic' } } },
    };
    const { provider, functions, resources } = withOwnSettings(made, own, own);
    expect(provider).toMatchObject({
      region: 'eu-west-3',
      versionFunctions: true,
      runtime: 'nodejs24.x',
      httpApi: { cors: { allowedOrigins: ['https://acme.example'], maxAge: 86_400 } },
      environment: { TZ: 'UTC', SLUICE_STAGE: 'acme/prod' },
    });
    // The configuration has no sources, so nothing is made of what is said of their functions.
    expect(functions).toEqual({
      ...made.functions,
      collect: { ...made.functions['collect'], memorySize: 2048 },
    });
    expect(resources).toEqual([made.resources, own.resources]);
  });

  it.each([
    [{ provider: { name: 'aws', architecture: 'arm64' } }, 'expected `architecture` of the configuration'],
    [{ provider: { runtime: 'nodejs20.x' } }, 'provider.runtime in serverless.yml: expected nothing'],
    [{ provider: { stackName: 'acme' } }, 'provider.stackName in serverless.yml: expected nothing'],
    [{ service: 'acme' }, 'service in serverless.yml: got "acme", expected sluice'],
    [{ functions: { collect: { runtime: 'nodejs20.x' } } }, 'functions.collect.runtime in serverless.yml'],
    [{ functions: { collect: { architecture: 'arm64' } } }, 'functions.collect.architecture in serverless'],
    [{ functions: { colect: { memorySize: 2048 } } }, 'Did you mean collect?'],
    [{ functions: { mine: { handler: 'mine.handler' } } }, 'functions.mine in serverless.yml'],
  ])('may not say what Sluice depends on, nor have other functions: %j', (said, named) => {
    const own = { service: 'sluice', ...said };
    expect(() => withOwnSettings(made, own, own)).toThrow(
      expect.objectContaining({ code: 'SLUICE_CONFIG_INVALID', detail: expect.stringContaining(named) }),
    );
  });

  it('may not have a list of functions, whose places would be taken for names', () => {
    const own = { service: 'sluice', functions: [{ collect: { memorySize: 2048 } }] };
    // @ts-expect-error: YAML is what people write.
    expect(() => withOwnSettings(made, own, own)).toThrow(
      expect.objectContaining({ detail: expect.stringContaining('functions in serverless.yml: expected') }),
    );
  });
});

describe('the executions that queues take from the collector', () => {
  const sources = [acmeSource()];
  const exports = [exportTo({})];
  const relay = { statsig: true } as const;

  it.each([
    { what: 'curated days', input: {}, most: 8 },
    { what: 'raw days only', input: { curate: false }, most: 4 },
    { what: 'sources and exports', input: { sources, exports }, most: 14 },
    { what: 'relay', input: { relay }, most: 10 },
    { what: 'everything', input: { sources, exports, relay, passThrough: { statsig: true } }, most: 16 },
  ] as const)('are $most at most with $what', ({ input, most }) => {
    expect(queueExecutions(defineConfig({ bucket: 'acme-experiments', ...input })).most).toBe(most);
  });

  it.each([2, 1_000])('are as many of the writer as the configuration says: %d', (concurrency) => {
    const config = defineConfig({ bucket: 'acme-experiments', write: { concurrency } });
    const { functions } = serviceConfiguration({ service: 'sluice', stage: 'prod', config });
    expect(functions['write']?.events).toMatchObject([{ sqs: { maximumConcurrency: concurrency } }]);
    expect(queueExecutions(config)).toEqual({ queues: 4, most: 6 + concurrency });
  });

  it('have queues that hand out again the messages that failed, and no message while it is worked on', () => {
    const everything = { sources, exports, relay };
    const stack = {
      service: 'sluice',
      stage: 'prod',
      config: defineConfig({ bucket: 'acme-experiments', ...everything }),
    };
    const { functions, resources } = serviceConfiguration(stack);
    const mappings = Object.entries(functions).flatMap(([name, { events, ...settings }]) =>
      events.flatMap((event) => ('sqs' in event ? [{ ...settings, ...event.sqs, name }] : [])),
    );
    expect(mappings.map(({ name }) => name).sort()).toEqual(
      ['curate', 'curate-plan', 'export', 'ingest-load', 'ingest-plan', 'register', 'relay', 'write'].sort(),
    );
    const taken = mappings.map(({ arn }) => Object(arn)['Fn::GetAtt'][0]).sort();
    const retried = Object.entries(resources.Resources).filter(
      ([, resource]) => 'RedrivePolicy' in resource.Properties,
    );
    expect(taken).toEqual(retried.map(([id]) => id).sort());
    const counting = mappings.filter(({ environment }) => 'SLUICE_TRIES' in environment);
    expect(counting.map(({ name }) => name).sort()).toEqual(['curate', 'ingest-load']);
    for (const { name, arn, timeout, environment, ...mapping } of mappings) {
      const { functionResponseType, maximumBatchingWindow = 0 } = mapping;
      expect(functionResponseType).toBe('ReportBatchItemFailures');
      const [id = ''] = Object(arn)['Fn::GetAtt'];
      const queue = Object(resources.Resources[id]?.Properties);
      const sixTimes = 6 * timeout + maximumBatchingWindow;
      // Its messages come again as soon as a run that was killed has ended.
      expect({ name, VisibilityTimeout: queue.VisibilityTimeout }).toEqual({
        name,
        VisibilityTimeout: name === 'write' ? 960 : sixTimes,
      });
      expect(queue.RedrivePolicy.maxReceiveCount).toBe(
        Number(environment['SLUICE_TRIES'] ?? queue.RedrivePolicy.maxReceiveCount),
      );
      expect(queue.RedrivePolicy.maxReceiveCount).toBeGreaterThan(1);
    }
  });
});
