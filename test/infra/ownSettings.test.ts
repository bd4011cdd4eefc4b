import { describe, expect, it } from '@jest/globals';
import { withOwnSettings } from '../../infra/serverless/ownSettings.ts';
import { serviceConfiguration } from '../../infra/serverless/service.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';

const config = defineConfig({ bucket: 'acme-experiments', region: 'eu-west-1', architecture: 'x86_64' });
const made = serviceConfiguration({ config, service: 'sluice', stage: 'prod' });
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

  it('adds nothing where its sections are left empty', () => {
    const own = { provider: null, package: null, functions: null, resources: null };
    expect(withOwnSettings(made, own, { service: 'sluice', ...own })).toEqual({
      provider: made.provider,
      package: made.package,
      functions: made.functions,
      resources: made.resources,
    });
  });

  it('has the service of the configuration', () => {
    const acme = serviceConfiguration({
      config: { ...config, service: 'acme' },
      service: 'acme',
      stage: 'prod',
    });
    expect(withOwnSettings(acme, bare, { service: 'acme' })).toMatchObject({ package: acme.package });
    expect(() => withOwnSettings(acme, bare, { service: 'sluice' })).toThrow(
      expect.objectContaining({
        code: 'SLUICE_CONFIG_INVALID',
        detail: expect.stringContaining('expected acme'),
      }),
    );
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
      environment: { TZ: 'UTC', SLUICE_STAGE: 'prod' },
    });
    // The configuration has no sources, so nothing is made of what is said of their functions.
    expect(functions).toEqual({
      ...made.functions,
      collect: { ...made.functions['collect'], memorySize: 2048 },
    });
    expect(resources).toEqual([made.resources, own.resources]);
  });

  it('may pack other files, and have a list of resources, which follow those of Sluice', () => {
    const own = {
      package: { patterns: ['!notes/**'] },
      resources: [{ Outputs: { A: { Value: 'a' } } }, { Outputs: { B: { Value: 'b' } } }],
    };
    const { package: packaging, resources } = withOwnSettings(made, own, { service: 'sluice', ...own });
    expect(packaging).toEqual({
      individually: true,
      excludeDevDependencies: false,
      patterns: ['!notes/**'],
    });
    expect(resources).toEqual([
      made.resources,
      { Outputs: { A: { Value: 'a' } } },
      { Outputs: { B: { Value: 'b' } } },
    ]);
  });

  it.each([
    {
      what: 'an architecture of its own',
      said: { provider: { name: 'aws', architecture: 'arm64' } },
      named: 'expected `architecture` of the configuration',
    },
    {
      what: 'another runtime',
      said: { provider: { runtime: 'nodejs20.x' } },
      named: 'provider.runtime in serverless.yml: expected nothing',
    },
    {
      what: 'a name of the stack',
      said: { provider: { stackName: 'acme' } },
      named: 'provider.stackName in serverless.yml: expected nothing',
    },
    {
      what: 'another service',
      said: { service: 'acme' },
      named: 'service in serverless.yml: got "acme", expected sluice',
    },
    {
      what: 'another runtime of a function',
      said: { functions: { collect: { runtime: 'nodejs20.x' } } },
      named: 'functions.collect.runtime in serverless.yml',
    },
    {
      what: 'an architecture of a function',
      said: { functions: { collect: { architecture: 'arm64' } } },
      named: 'functions.collect.architecture in serverless',
    },
    {
      what: 'a runtime of a function that the configuration does not need',
      said: { functions: { 'ingest-load': { runtime: 'nodejs20.x' } } },
      named: 'functions.ingest-load.runtime in serverless.yml',
    },
    {
      what: 'a function with a misspelt name',
      said: { functions: { colect: { memorySize: 2048 } } },
      named: 'Did you mean collect?',
    },
    {
      what: 'a function of its own',
      said: { functions: { mine: { handler: 'mine.handler' } } },
      named: 'functions.mine in serverless.yml',
    },
  ])('may not have $what', ({ said, named }) => {
    const own = { service: 'sluice', ...said };
    expect(() => withOwnSettings(made, own, own)).toThrow(
      expect.objectContaining({ code: 'SLUICE_CONFIG_INVALID', detail: expect.stringContaining(named) }),
    );
  });

  it('may not have a list of functions, whose places would be taken for names', () => {
    const own = { service: 'sluice', functions: [{ collect: { memorySize: 2048 } }] };
    // @ts-expect-error: YAML is what people write.
    expect(() => withOwnSettings(made, own, own)).toThrow(
      expect.objectContaining({
        code: 'SLUICE_CONFIG_INVALID',
        detail: expect.stringContaining('functions in serverless.yml: expected'),
      }),
    );
  });
});
