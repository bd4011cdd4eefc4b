import { describe, expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import {
  deletedAddresses,
  packageWarnings,
  requireRegion,
  requireRetired,
} from '../../infra/serverless/requirements.ts';
import { serviceConfiguration } from '../../infra/serverless/service.ts';
import { requestMetrics } from '../../lib/collect/collectMetrics.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { REGIONS } from '../../lib/schema/regions.ts';

const topicArn = 'arn:aws:sns:us-east-1:111122223333:on-call';
const configOf = (input: Partial<ConfigInput>) =>
  defineConfig({ bucket: 'acme-experiments', alarms: { topicArn }, ...input });
const made = (input: Partial<ConfigInput>) =>
  resources({ config: configOf(input), service: 'acme', stage: 'prod' });
const SOURCES: ConfigInput['sources'] = [
  {
    name: 'acme',
    bucket: 'acme-drops',
    owner: '444455556666',
    datasets: [{ name: 'events', kind: 'events' }],
  },
];

describe('a Function URL', () => {
  const { Resources, Outputs, extensions } = made({ endpoint: { kind: 'function-url' } });
  const FunctionName = { 'Fn::GetAtt': ['CollectLambdaFunction', 'Arn'] };

  it('answers preflights itself, and lets everybody in by the two permissions that Lambda asks for', () => {
    expect(Resources['CollectUrl']?.Properties).toEqual({
      TargetFunctionArn: FunctionName,
      AuthType: 'NONE',
      Cors: { AllowOrigins: ['*'], AllowHeaders: ['*'], AllowMethods: ['POST'], MaxAge: 86_400 },
    });
    expect(Resources['CollectUrlPostPermission']?.Properties).toEqual({
      ...{ FunctionName, Principal: '*', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' },
    });
    expect(Resources['CollectUrlInvokePermission']?.Properties).toEqual({
      ...{ FunctionName, Principal: '*', Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true },
    });
  });

  it('leaves nothing of the gateway, and the dashboard and the alarms go by the URL', () => {
    expect(extensions).toEqual({});
    expect(JSON.stringify({ Resources, Outputs })).not.toMatch(/HttpApi|AWS\/ApiGateway/);
    expect(JSON.stringify(Resources['Dashboard'])).toContain('UrlRequestCount');
    expect(Resources['UrlClientErrorsAlarm']?.Properties).toMatchObject({
      AlarmName: 'acme-prod-url-4xx',
      Threshold: 5,
    });
    expect(JSON.stringify(Resources['UrlServerErrorsAlarm'])).toContain('"MetricName":"Url5xxCount"');
  });

  it('has an address without a slash at its end, as paths are put behind it', () => {
    expect(Outputs['CollectorUrl']?.Value).toEqual({
      'Fn::Join': [
        '',
        [
          'https://',
          { 'Fn::Select': [2, { 'Fn::Split': ['/', { 'Fn::GetAtt': ['CollectUrl', 'FunctionUrl'] }] }] },
        ],
      ],
    });
    expect(Object.keys(Outputs)).not.toContain('DataReadyUrl');
  });

  it('is a second one for who starts an ingest, with sources', () => {
    const { Resources: all, Outputs: out } = made({ endpoint: { kind: 'function-url' }, sources: SOURCES });
    expect(all['IngestTriggerUrl']?.Properties).toMatchObject({
      TargetFunctionArn: { 'Fn::GetAtt': ['IngestDashtriggerLambdaFunction', 'Arn'] },
    });
    expect(Object.keys(out)).toContain('DataReadyUrl');
  });

  it.each([
    ['what is reserved for the collector', { reservedConcurrency: 51 }, 25, true],
    ["the account's, of all functions without a reservation", { accountConcurrency: 10 }, 5, false],
    ["AWS's default", {}, 500, false],
  ])('has an alarm at half of the concurrency: %s', (_, collector, Threshold, isOwn) => {
    const { Resources: all } = made({ endpoint: { kind: 'both' }, collector });
    expect(all['ConcurrencyAlarm']?.Properties).toMatchObject({
      Namespace: 'AWS/Lambda',
      MetricName: isOwn ? 'ConcurrentExecutions' : 'UnreservedConcurrentExecutions',
      Dimensions: isOwn ? [{ Name: 'FunctionName', Value: 'acme-prod-collect' }] : [],
      Statistic: 'Maximum',
      Period: 60,
      Threshold,
    });
  });

  it.each([
    [{ reservedConcurrency: 51 }, 15_300],
    [{ accountConcurrency: 1 }, 300],
    [{}, 300_000],
  ])(
    'has an alarm at half of ten requests a second for each execution, which short requests reach first: %j',
    (collector, Threshold) => {
      for (const kind of ['both', 'function-url'] as const)
        expect(
          made({ endpoint: { kind }, collector }).Resources['RequestRateAlarm']?.Properties,
        ).toMatchObject({
          AlarmName: 'acme-prod-request-rate',
          Namespace: 'AWS/Lambda',
          // With both, requests of the gateway use the same limit.
          MetricName: 'Invocations',
          Dimensions: [{ Name: 'FunctionName', Value: 'acme-prod-collect' }],
          ...{ Statistic: 'Sum', Period: 60, EvaluationPeriods: 1, Threshold },
        });
      expect(made({ collector }).Resources['RequestRateAlarm']).toBeUndefined();
    },
  );

  it('has functions without routes, so that Serverless makes no API', () => {
    const eventsOf = (endpoint: Partial<ConfigInput>['endpoint']) => {
      const { functions } = serviceConfiguration({
        config: configOf({ endpoint }),
        service: 'acme',
        stage: 'prod',
      });
      return Object.values(functions).flatMap(({ events }) => events.flatMap((event) => Object.keys(event)));
    };
    expect(new Set(eventsOf({ kind: 'function-url' }))).toEqual(new Set(['sqs']));
    expect(new Set(eventsOf({ kind: 'both' }))).toEqual(new Set(['httpApi', 'sqs']));
  });

  it('is refused where Lambda has none', () => {
    const config = configOf({ endpoint: { kind: 'function-url' }, alarms: {} });
    expect(() => requireRegion(config, 'eu-central-2')).toThrow(
      expect.objectContaining({ detail: expect.stringContaining('endpoint.kind') }),
    );
    requireRegion(configOf({ alarms: {} }), 'eu-central-2');
    const x86 = configOf({ endpoint: { kind: 'function-url' }, alarms: {}, architecture: 'x86_64' });
    const refused = REGIONS.filter((region) => {
      try {
        requireRegion(x86, region);
        return false;
      } catch {
        return true;
      }
    });
    // https://docs.aws.amazon.com/lambda/latest/dg/lambda-urls.html
    expect(refused).toEqual([
      ...['ap-east-2', 'ap-south-2', 'ap-southeast-4', 'ap-southeast-5', 'ap-southeast-6', 'ap-southeast-7'],
      ...['ca-west-1', 'eu-central-2', 'eu-south-2', 'il-central-1', 'me-central-1'],
    ]);
  });
});

describe('the deletion of an address', () => {
  const api = { Type: 'AWS::ApiGatewayV2::Api' };
  const url = { Type: 'AWS::Lambda::Url' };
  const gatewayUrl = 'https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com';
  const functionUrl = 'https://q0w9e8.lambda-url.eu-west-1.on.aws';
  const both = { Resources: { HttpApi: api, CollectUrl: url } };
  const outputs = { CollectorUrl: functionUrl, GatewayUrl: gatewayUrl, DatabaseName: 'sluice' };

  it('is what a deployment leaves out of the stack', () => {
    expect(deletedAddresses({ Resources: { HttpApi: api } }, both, { CollectorUrl: gatewayUrl })).toEqual([]);
    expect(deletedAddresses(both, both, outputs)).toEqual([]);
    expect(deletedAddresses(both, { Resources: { CollectUrl: url } }, outputs)).toEqual([gatewayUrl]);
    expect(deletedAddresses(both, { Resources: { HttpApi: api } }, outputs)).toEqual([functionUrl]);
    expect(
      deletedAddresses(
        { Resources: { HttpApi: api } },
        { Resources: { CollectUrl: url } },
        {
          CollectorUrl: gatewayUrl,
        },
      ),
    ).toEqual([gatewayUrl]);
  });

  it('is told by the logical ID where no output has the address', () => {
    const only = (id: string) => ({ Resources: { [id]: id === 'HttpApi' ? api : url } });
    expect(deletedAddresses(both, only('CollectUrl'), {})).toEqual(['HttpApi']);
    expect(deletedAddresses(both, only('HttpApi'), { GatewayUrl: gatewayUrl })).toEqual(['CollectUrl']);
    expect(() => requireRetired(['HttpApi'], configOf({}))).toThrow(
      expect.objectContaining({ detail: expect.stringContaining('HttpApi') }),
    );
  });

  it('stops own domains too if it is the one of the gateway', () => {
    const told = (address: string) => {
      try {
        requireRetired([address], configOf({}));
        return '';
      } catch (error) {
        return String(Object(error).detail);
      }
    };
    expect(told(gatewayUrl)).toMatch(/Domains of your own that are mapped to this API stop too\.$/);
    expect(told('HttpApi')).toMatch(/Domains of your own/);
    expect(told(functionUrl)).toBe(`It deletes ${functionUrl}.`);
  });

  it('is refused unless the configuration names the very address', () => {
    const config = (retired: string[]) => configOf({ endpoint: { kind: 'function-url', retired } });
    for (const retired of [[], ['https://other.execute-api.eu-west-1.amazonaws.com']])
      expect(() => requireRetired([gatewayUrl], config(retired))).toThrow(
        expect.objectContaining({
          code: 'SLUICE_CONFIG_ENDPOINT_DELETED',
          detail: expect.stringContaining(gatewayUrl),
        }),
      );
    requireRetired([gatewayUrl], config([gatewayUrl]));
    requireRetired([], config([]));
  });
});

describe('warnings of packaging', () => {
  it('are none for the gateway with its defaults, also in an account with ten executions', () => {
    expect(packageWarnings(configOf({}))).toEqual([]);
    expect(packageWarnings(configOf({ collector: { accountConcurrency: 10 } }))).toEqual([]);
  });

  it('name an export that looks back less far than rows can be late', () => {
    const exported = (name: string, more: object = {}) => ({
      ...{ name, table: 'statsig_forwarded_events', ...more },
      target: { bucket: `acme-${name}`, owner: '111122223333' },
    });
    const exports = [exported('default'), exported('short', { lookbackDays: 3 })];
    expect(packageWarnings(configOf({ exports }))).toEqual([
      expect.stringMatching(
        /^The export short looks back 3 days, and rows can be 7 days late: .* set it to 8 /,
      ),
    ]);
  });

  it('say what a Function URL loses, and when', () => {
    const [warning, ...others] = packageWarnings(
      configOf({ endpoint: { kind: 'function-url' }, collector: { accountConcurrency: 10 } }),
    );
    expect(warning).toMatch(/429 beyond 10 executions at once or 100 requests a second/);
    expect(others).toEqual([]);
    expect(packageWarnings(configOf({ endpoint: { kind: 'both' } }))).toHaveLength(2);
  });

  it('name a quota of the gateway that is below what Lambda takes, as the defaults of some regions are', () => {
    const [warning, ...others] = packageWarnings(configOf({ region: 'eu-south-1' }));
    expect(warning).toMatch(
      /^API Gateway takes 2500 requests a second of the account in eu-south-1, and Lambda 10000: .*reservedConcurrency` to 250 or less/,
    );
    // An account with fewer executions than the default is well.
    expect(warning).toContain('`collector.accountConcurrency`');
    expect(others).toEqual([]);
    for (const well of [
      { collector: { reservedConcurrency: 250 } },
      { collector: { accountConcurrency: 10 } },
      { endpoint: { accountRequestsPerSecond: 10_000 } },
    ])
      expect(packageWarnings(configOf({ region: 'eu-south-1', ...well }))).toEqual([]);
    const reserved = { region: 'eu-south-1', collector: { reservedConcurrency: 2_000 } } as const;
    const both = packageWarnings(configOf(reserved));
    expect(both[1]).toMatch(/^API Gateway takes 1250 requests at once .* to 1250 or less/);
    expect(both.join()).not.toContain('accountConcurrency');
    const url = configOf({ region: 'us-east-1', endpoint: { kind: 'function-url', requestsPerSecond: 1 } });
    expect(packageWarnings(url).join()).not.toContain('the gateway answers 429 first');
  });

  it.each([{ requestsPerSecond: 99 }, { burst: 9 }])(
    'name a limit of the stage that answers 429 before Lambda throttles: %j',
    (endpoint) => {
      const [warning] = packageWarnings(configOf({ endpoint, collector: { reservedConcurrency: 10 } }));
      expect(warning).toContain(`endpoint.${Object.keys(endpoint)[0]} is ${Object.values(endpoint)[0]}`);
      expect(packageWarnings(configOf({ endpoint, collector: { reservedConcurrency: 9 } }))).toEqual([]);
    },
  );
});

describe('the access log', () => {
  const { Resources, extensions } = made({ endpoint: { accessLogDays: 30 } });
  const settings = JSON.stringify(extensions['HttpApiStage']?.Properties['AccessLogSettings']);

  it('has IP, status and bytes, and nothing in which a key can be', () => {
    for (const name of ['identity.sourceIp', 'status', 'responseLength', 'requestId'])
      expect(settings).toContain(`$context.${name}`);
    expect(settings).not.toMatch(/query|path\b|\.path|header|authorizer/i);
    expect(settings).toContain('"DestinationArn":{"Fn::GetAtt":["AccessLogGroup","Arn"]}');
  });

  it('is kept for the configured days, and is not there by default', () => {
    expect(Resources['AccessLogGroup']?.Properties).toEqual({
      LogGroupName: '/aws/vendedlogs/acme-prod-access',
      RetentionInDays: 30,
    });
    expect(JSON.stringify(made({}))).not.toContain('AccessLog');
  });

  it.each([
    [{ kind: 'function-url', accessLogDays: 30 }, 'a Function URL has no log'],
    [{ accessLogDays: 31 }, 'one of 1, 3, 5'],
    [{ retired: ['a1b2c3d4e5'] }, 'endpoint.retired.0'],
    [{ kind: 'rest' }, 'http-api, function-url or both'],
  ])('is refused as %j', (endpoint, words) => {
    expect(() => configOf(JSON.parse(JSON.stringify({ endpoint })))).toThrow(
      expect.objectContaining({ detail: expect.stringContaining(words) }),
    );
  });
});

describe('the alarms on abuse', () => {
  it('ring on many invocations, and on many requests without a valid key', () => {
    const { Resources } = made({ alarms: { invocationsPerHour: 5_000, refusedKeysPerHour: 70 } });
    expect(Resources['InvocationsAlarm']?.Properties).toMatchObject({
      Namespace: 'AWS/Lambda',
      MetricName: 'Invocations',
      Dimensions: [{ Name: 'FunctionName', Value: 'acme-prod-collect' }],
      ...{ Statistic: 'Sum', Period: 3_600, Threshold: 5_000, TreatMissingData: 'notBreaching' },
    });
    for (const [id, reason] of [
      ['KeyUnknownAlarm', 'SLUICE_KEY_UNKNOWN'],
      ['KeyMissingAlarm', 'SLUICE_KEY_MISSING'],
      ['KeyNotForEventsAlarm', 'SLUICE_KEY_NOT_FOR_EVENTS'],
    ] as const) {
      expect(Resources[id]?.Properties).toMatchObject({ Period: 3_600, Threshold: 70 });
      const [, line] = requestMetrics({
        ...{ stage: 'prod', receivedAt: 0, requestId: null, latencyMs: 1, received: 0, refusedAs: reason },
        ...{ tables: [], ignored: {} },
      });
      const dimensions = Object(Resources[id]?.Properties)['Dimensions'];
      for (const { Name, Value } of dimensions) expect(line).toMatchObject({ [Name]: Value });
      expect(line).toMatchObject({ refused_requests: 1 });
    }
  });
});
