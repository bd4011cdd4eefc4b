import { describe, expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import { serviceConfiguration } from '../../infra/serverless/service.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { acmeSource } from '../harness/configInput.ts';

const topicArn = 'arn:aws:sns:us-east-1:111122223333:on-call';
const configOf = (input: Partial<ConfigInput>) =>
  defineConfig({ bucket: 'acme-experiments', alarms: { topicArn }, ...input });
const made = (input: Partial<ConfigInput>) =>
  resources({ config: configOf(input), service: 'acme', stage: 'prod' });
const SOURCES = [acmeSource()];

describe('a Function URL', () => {
  const { Resources, Outputs, extensions } = made({ endpoint: { kind: 'function-url' } });
  const FunctionName = { 'Fn::GetAtt': ['CollectLambdaFunction', 'Arn'] };

  // Its CORS, and who may call it: settings.test.ts.
  it('is of the collector, with the two permissions that Lambda asks for', () => {
    expect(Resources['CollectUrl']?.Properties['TargetFunctionArn']).toEqual(FunctionName);
    for (const kind of ['Post', 'Invoke'])
      expect(Resources[`CollectUrl${kind}Permission`]?.Properties['FunctionName']).toEqual(FunctionName);
  });

  it('leaves nothing of the gateway, and the alarms go by the URL', () => {
    expect(extensions).toEqual({});
    expect(Object.keys(Resources)).toEqual(
      expect.arrayContaining(['UrlClientErrorsAlarm', 'UrlServerErrorsAlarm']),
    );
    expect(JSON.stringify({ Resources, Outputs })).not.toMatch(/HttpApi|AWS\/ApiGateway/);
  });

  /** The address of a Function URL. */
  const addressOf = (id: string) => ({
    'Fn::Join': [
      '',
      ['https://', { 'Fn::Select': [2, { 'Fn::Split': ['/', { 'Fn::GetAtt': [id, 'FunctionUrl'] }] }] }],
    ],
  });

  it('has an address without a slash at its end, as paths are put behind it', () => {
    expect(Outputs['CollectorUrl']?.Value).toEqual(addressOf('CollectUrl'));
    expect(Object.keys(Outputs)).not.toContain('DataReadyUrl');
  });

  it('is the address of the collector beside a gateway, which has one of its own', () => {
    const { Outputs: out } = made({ endpoint: { kind: 'both' } });
    expect(out['CollectorUrl']?.Value).toEqual(addressOf('CollectUrl'));
    const gateway = { 'Fn::Sub': `https://\${HttpApi}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}` };
    expect(out['GatewayUrl']?.Value).toEqual(gateway);
    expect(made({}).Outputs['CollectorUrl']?.Value).toEqual(gateway);
  });

  it('is a second one for who starts an ingest, with sources', () => {
    const { Resources: all, Outputs: out } = made({ endpoint: { kind: 'function-url' }, sources: SOURCES });
    const trigger = { 'Fn::GetAtt': ['IngestDashtriggerLambdaFunction', 'Arn'] };
    expect(all['IngestTriggerUrl']?.Properties['TargetFunctionArn']).toEqual(trigger);
    for (const kind of ['Post', 'Invoke'])
      expect(all[`IngestTriggerUrl${kind}Permission`]?.Properties['FunctionName']).toEqual(trigger);
    expect(out['DataReadyUrl']?.Value).toEqual(addressOf('IngestTriggerUrl'));
  });

  it.each([
    {
      name: 'what is reserved for the collector',
      collector: { reservedConcurrency: 51 },
      Threshold: 25,
      isOwn: true,
    },
    { name: 'a single one', collector: { reservedConcurrency: 1 }, Threshold: 1, isOwn: true },
    {
      name: 'what is reserved, of less that the account has',
      collector: { reservedConcurrency: 51, accountConcurrency: 10 },
      Threshold: 25,
      isOwn: true,
    },
    {
      name: "the account's, of all functions without a reservation",
      collector: { accountConcurrency: 10 },
      Threshold: 5,
      isOwn: false,
    },
    { name: "AWS's default", collector: {}, Threshold: 500, isOwn: false },
  ])('has an alarm at half of the concurrency: $name', ({ collector, Threshold, isOwn }) => {
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
    { what: '51 reserved executions', collector: { reservedConcurrency: 51 }, Threshold: 15_300 },
    { what: 'one execution of the account', collector: { accountConcurrency: 1 }, Threshold: 300 },
    { what: "AWS's default", collector: {}, Threshold: 300_000 },
  ])(
    'has an alarm at half of ten requests a second for each execution, which short requests reach first: $what',
    ({ collector, Threshold }) => {
      for (const kind of ['both', 'function-url'] as const)
        expect(
          made({ endpoint: { kind }, collector }).Resources['RequestRateAlarm']?.Properties,
        ).toMatchObject({
          AlarmName: 'acme-prod-request-rate',
          Namespace: 'AWS/Lambda',
          // With both, requests of the gateway use the same limit.
          MetricName: 'Invocations',
          Dimensions: [{ Name: 'FunctionName', Value: 'acme-prod-collect' }],
          Statistic: 'Sum',
          Period: 60,
          EvaluationPeriods: 1,
          Threshold,
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
});

it.each(['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'])(
  'the gateway hands %s to the collector, at the address alone as below it',
  (method) => {
    const place = { config: configOf({}), service: 'acme', stage: 'prod' };
    expect(serviceConfiguration(place).functions['collect']?.events).toEqual(
      expect.arrayContaining([{ httpApi: `${method} /` }, { httpApi: `${method} /{proxy+}` }]),
    );
  },
);

it('a domain is of the stage of the API, and has its address and both parts of an alias in Route 53', () => {
  const certificateArn =
    'arn:aws:acm:us-east-1:111122223333:certificate/0a0b0c0d-0000-4000-8000-000000000000';
  const { Resources, Outputs } = made({ endpoint: { domain: 'collect.acme.com', certificateArn } });
  expect(Resources['Domain']?.Properties).toMatchObject({
    DomainName: 'collect.acme.com',
    DomainNameConfigurations: [{ CertificateArn: certificateArn }],
  });
  expect(Resources['DomainMapping']?.Properties).toEqual({
    DomainName: { Ref: 'Domain' },
    ApiId: { Ref: 'HttpApi' },
    Stage: { Ref: 'HttpApiStage' },
  });
  expect(Outputs['DomainUrl']?.Value).toBe('https://collect.acme.com');
  expect(Outputs['DomainTarget']?.Value).toEqual({ 'Fn::GetAtt': ['Domain', 'RegionalDomainName'] });
  expect(Outputs['DomainHostedZoneId']?.Value).toEqual({ 'Fn::GetAtt': ['Domain', 'RegionalHostedZoneId'] });
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
});

it('the alarms on abuse are on by the thresholds of the configuration', () => {
  const { Resources } = made({ alarms: { invocationsPerHour: 5_000, refusedKeysPerHour: 70 } });
  const ids = ['InvocationsAlarm', 'KeyUnknownAlarm', 'KeyMissingAlarm', 'KeyNotForEventsAlarm'];
  expect(ids.map((id) => Resources[id]?.Properties['Threshold'])).toEqual([5_000, 70, 70, 70]);
});
