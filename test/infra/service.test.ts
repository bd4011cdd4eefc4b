import { describe, expect, it } from '@jest/globals';
import { madeByServerless, serviceConfiguration } from '../../infra/serverless/service.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { acmeSource, exportTo } from '../harness/configInput.ts';

const serviceOf = (input: Partial<ConfigInput>) =>
  serviceConfiguration({
    config: defineConfig({ bucket: 'acme', ...input }),
    service: 'acme',
    stage: 'prod',
  });
const statsig: Partial<ConfigInput> = {
  statsigBucket: { bucket: 'acme-statsig', user: 'arn:aws:iam::999689269917:user/acme' },
  exports: [
    {
      name: 'seen',
      table: 'statsig_forwarded_exposures',
      format: 'statsig',
      target: { bucket: 'acme-statsig', folder: 'x' },
    },
  ],
};
const BINDING = 'build/export/node_modules/**';

/** A setting of the configuration, and what Serverless is told for it and without it. */
interface Setting {
  /** The configuration. */
  readonly input: Partial<ConfigInput>;
  /** Reads what Serverless is told. */
  readonly told: (service: ReturnType<typeof serviceOf>) => unknown;
  /** With the setting. */
  readonly is: unknown;
  /** Without it. */
  readonly without: unknown;
}
const SETTINGS: readonly Setting[] = [
  {
    input: { tags: { team: 'data' } },
    told: ({ provider: { stackTags, tags } }) => ({ stackTags, tags }),
    is: { stackTags: { team: 'data' }, tags: { team: 'data' } },
    without: { stackTags: undefined, tags: undefined },
  },
  {
    input: { passThrough: { statsig: true } },
    told: ({ provider }) => provider.httpApi.cors.allowedMethods,
    is: ['GET', 'POST'],
    without: ['POST'],
  },
  {
    input: { logs: { retentionDays: 7 } },
    told: ({ provider }) => provider.logRetentionInDays,
    is: 7,
    without: 30,
  },
  {
    input: { collector: { reservedConcurrency: 50 } },
    told: ({ functions }) => functions['collect']?.reservedConcurrency,
    is: 50,
    without: undefined,
  },
  {
    input: { relay: { url: 'https://a.test/', concurrency: 7 } },
    told: ({ functions }) => functions['relay']?.events,
    is: [{ sqs: expect.objectContaining({ maximumConcurrency: 7, batchSize: 10 }) }],
    without: undefined,
  },
  {
    input: { write: { concurrency: 7 } },
    told: ({ functions }) => functions['write']?.events,
    is: [{ sqs: expect.objectContaining({ maximumConcurrency: 7 }) }],
    without: [{ sqs: expect.objectContaining({ maximumConcurrency: 2 }) }],
  },
  {
    input: { buffering: { seconds: 120 } },
    told: ({ functions }) => functions['reconcile']?.environment['SLUICE_AFTER_SECONDS'],
    is: '210',
    without: '150',
  },
  {
    input: { endpoint: { kind: 'function-url' } },
    told: ({ functions }) => functions['collect']?.events.some((event) => 'httpApi' in event),
    is: false,
    without: true,
  },
  {
    input: { endpoint: { kind: 'both' } },
    told: ({ resources: { Outputs } }) => Object.keys(Outputs).filter((name) => /^[CG].*Url$/.test(name)),
    is: ['CollectorUrl', 'GatewayUrl'],
    without: ['CollectorUrl'],
  },
  {
    input: { sources: [acmeSource()], endpoint: { kind: 'function-url' } },
    told: ({ resources: { Outputs } }) => Object.keys(Outputs).includes('DataReadyUrl'),
    is: true,
    without: false,
  },
];

it.each(SETTINGS)('$input is told to Serverless', ({ input, told, is, without }) => {
  expect(told(serviceOf(input))).toEqual(is);
  expect(told(serviceOf({}))).toEqual(without);
});

describe('the function of exports', () => {
  it.each([
    { what: 'rewrites files for Statsig', input: statsig, memorySize: 1_769, storage: 10_240, home: '/tmp' },
    { what: 'copies files', input: { exports: [exportTo({})] }, memorySize: 1_024 },
  ])('has DuckDB and room for it only where it $what', ({ input, memorySize, storage, home }) => {
    const made = serviceOf(input).functions['export'];
    expect(made?.memorySize).toBe(memorySize);
    expect(made?.ephemeralStorageSize).toBe(storage);
    expect(made?.environment['HOME']).toBe(home);
    expect(made?.package.patterns.includes(BINDING)).toBe(home !== undefined);
  });
});

it('the writer is there before the collector, and functions of requests log no line a run', () => {
  const { functions } = serviceOf({ relay: { url: 'https://a.test/' } });
  expect(functions['collect']?.dependsOn).toEqual(['WriteLambdaFunction']);
  const quiet = Object.entries(functions).filter(([, { logs }]) => logs.systemLogLevel === 'WARN');
  expect(quiet.map(([name]) => name)).toEqual(['collect', 'relay']);
});

it.each([
  { what: 'by default', input: {}, resources: 34 },
  { what: 'without routes', input: { endpoint: { kind: 'function-url' } as const }, resources: 18 },
  { what: 'with a trigger', input: { sources: [acmeSource()] }, resources: 45 },
])('counts what Serverless makes $what', ({ input, resources }) => {
  const stack = { config: defineConfig({ bucket: 'acme', ...input }), service: 'acme', stage: 'prod' };
  expect(madeByServerless(stack)).toEqual({ resources, bytes: resources * 600 });
});
