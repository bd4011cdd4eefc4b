import { describe, expect, it } from '@jest/globals';
import { madeByServerless, queueExecutions, serviceConfiguration } from '../../infra/serverless/service.ts';
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
  /** The setting, in words. */
  readonly what: string;
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
    what: 'tags',
    input: { tags: { team: 'data' } },
    told: ({ provider: { stackTags, tags } }) => ({ stackTags, tags }),
    is: { stackTags: { team: 'data' }, tags: { team: 'data' } },
    without: { stackTags: undefined, tags: undefined },
  },
  {
    what: 'reads of SDKs passed through',
    input: { passThrough: { statsig: true } },
    told: ({ provider }) => provider.httpApi.cors.allowedMethods,
    is: ['GET', 'POST'],
    without: ['POST'],
  },
  {
    what: 'days of logs',
    input: { logs: { retentionDays: 7 } },
    told: ({ provider }) => provider.logRetentionInDays,
    is: 7,
    without: 30,
  },
  {
    what: 'reserved executions of the collector',
    input: { collector: { reservedConcurrency: 50 } },
    told: ({ functions }) => functions['collect']?.reservedConcurrency,
    is: 50,
    without: undefined,
  },
  {
    what: 'copies of relay sent at once',
    input: { relay: { url: 'https://a.test/', concurrency: 7 } },
    told: ({ functions }) => functions['relay']?.events,
    is: [{ sqs: expect.objectContaining({ maximumConcurrency: 7, batchSize: 10 }) }],
    without: undefined,
  },
  {
    what: 'concurrency of the writer',
    input: { write: { concurrency: 7 } },
    told: ({ functions }) => functions['write']?.events,
    is: [{ sqs: expect.objectContaining({ maximumConcurrency: 7 }) }],
    without: [{ sqs: expect.objectContaining({ maximumConcurrency: 2 }) }],
  },
  {
    what: 'seconds of buffering',
    input: { buffering: { seconds: 120 } },
    told: ({ functions }) => functions['reconcile']?.environment['SLUICE_AFTER_SECONDS'],
    is: '210',
    without: '150',
  },
  {
    what: 'a Function URL',
    input: { endpoint: { kind: 'function-url' } },
    told: ({ functions }) => functions['collect']?.events.some((event) => 'httpApi' in event),
    is: false,
    without: true,
  },
  {
    what: 'both addresses',
    input: { endpoint: { kind: 'both' } },
    told: ({ resources: { Outputs } }) => Object.keys(Outputs).filter((name) => /^[CG].*Url$/.test(name)),
    is: ['CollectorUrl', 'GatewayUrl'],
    without: ['CollectorUrl'],
  },
  {
    what: 'sources behind a Function URL',
    input: { sources: [acmeSource()], endpoint: { kind: 'function-url' } },
    told: ({ resources: { Outputs } }) => Object.keys(Outputs).includes('DataReadyUrl'),
    is: true,
    without: false,
  },
];

it.each(SETTINGS)('Serverless is told of $what', ({ input, told, is, without }) => {
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
});

describe('the queues of functions', () => {
  const { functions, resources } = serviceOf({
    sources: [acmeSource()],
    exports: [exportTo({})],
    relay: { statsig: true },
  });
  const mappings = Object.entries(functions).flatMap(([name, { events, ...settings }]) =>
    events.flatMap((event) => {
      if (!('sqs' in event)) return [];
      const [queueId = ''] = Object(event.sqs.arn)['Fn::GetAtt'];
      const queue = Object(resources.Resources[queueId]?.Properties);
      return [{ ...settings, ...event.sqs, name, queueId, queue }];
    }),
  );

  it('are of these functions', () => {
    const names = mappings.map(({ name }) => name);
    expect(names.sort()).toEqual(
      ['curate', 'curate-plan', 'export', 'ingest-load', 'ingest-plan', 'register', 'relay', 'write'].sort(),
    );
  });

  it('are all that have dead letters', () => {
    const retried = Object.entries(resources.Resources).filter(
      ([, resource]) => 'RedrivePolicy' in resource.Properties,
    );
    expect(mappings.map(({ queueId }) => queueId).sort()).toEqual(retried.map(([id]) => id).sort());
  });

  it('are told to functions that count tries themselves', () => {
    const counting = mappings.filter(({ environment }) => 'SLUICE_TRIES' in environment);
    expect(counting.map(({ name }) => name).sort()).toEqual(['curate', 'ingest-load']);
    for (const { environment, queue } of counting)
      expect(queue.RedrivePolicy.maxReceiveCount).toBe(Number(environment['SLUICE_TRIES']));
  });

  it.each(mappings)('hand out again the messages of $name that failed', ({ functionResponseType, queue }) => {
    expect(functionResponseType).toBe('ReportBatchItemFailures');
    expect(queue.RedrivePolicy.maxReceiveCount).toBeGreaterThan(1);
  });

  it.each(mappings)('hand out no message of $name while it is worked on', (mapping) => {
    const { name, timeout, maximumBatchingWindow = 0, queue } = mapping;
    const sixTimes = 6 * timeout + maximumBatchingWindow;
    // Messages of the writer come again as soon as a run that was killed has ended.
    expect(queue.VisibilityTimeout).toBe(name === 'write' ? 960 : sixTimes);
  });
});
