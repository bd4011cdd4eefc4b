import { describe, expect, it } from '@jest/globals';
import { newBucketSettings } from '../../src/s3/model/bucketSettings.ts';
import { readDeployment, secretName } from '../../src/template/readDeployment.ts';
import { resolveTemplate } from '../../src/template/resolveTemplate.ts';
import { parseTemplate } from '../../src/template/Template.ts';

const stack = {
  region: 'us-east-1',
  account: '000000000000',
  partition: 'aws',
  stackName: 'app-local',
  endpoint: 'http://127.0.0.1:4566',
};

const read = (resources: object) =>
  readDeployment(resolveTemplate(parseTemplate({ Resources: resources }), stack));

const fn = {
  Type: 'AWS::Lambda::Function',
  Properties: {
    FunctionName: 'f',
    Handler: 'build/f/handler.handler',
    Runtime: 'nodejs24.x',
    Role: 'arn:aws:iam::000000000000:role/f',
    Code: {},
  },
};
const api = { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'a', ProtocolType: 'HTTP' } };
const integration = {
  Type: 'AWS::ApiGatewayV2::Integration',
  Properties: {
    ApiId: { Ref: 'Api' },
    IntegrationType: 'AWS_PROXY',
    IntegrationUri: { 'Fn::GetAtt': ['F', 'Arn'] },
    PayloadFormatVersion: '2.0',
  },
};
const route = {
  Type: 'AWS::ApiGatewayV2::Route',
  Properties: {
    ApiId: { Ref: 'Api' },
    RouteKey: 'POST /{proxy+}',
    Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'I' }]] },
  },
};

const mapping = {
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: { EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:q', FunctionName: 'f' },
};

/** Resources of a template, by logical ID. */
type Resources = Readonly<Record<string, { readonly Type: string; readonly Properties?: object }>>;

const withProperties = <R extends { Properties: object }>(resource: R, properties: object) => ({
  ...resource,
  Properties: { ...resource.Properties, ...properties },
});

describe('readDeployment', () => {
  it("fills in AWS's own defaults", () => {
    const { functions, eventSourceMappings, httpApi } = read({
      F: fn,
      M: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: { EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:q', FunctionName: { Ref: 'F' } },
      },
      Api: api,
      I: integration,
      R: route,
    });
    expect(functions).toEqual([
      {
        name: 'f',
        arn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
        modulePath: 'build/f/handler.mjs',
        exportName: 'handler',
        env: {},
        timeoutSeconds: 3,
        memoryMb: 128,
        role: 'arn:aws:iam::000000000000:role/f',
        hasJsonLog: false,
        recursiveLoop: 'Terminate',
      },
    ]);
    expect(eventSourceMappings).toEqual([
      {
        queueArn: 'arn:aws:sqs:us-east-1:000000000000:q',
        functionName: 'f',
        batchSize: 10,
        windowSeconds: 0,
        maximumConcurrency: undefined,
        partialResponses: false,
        enabled: true,
      },
    ]);
    expect(httpApi).toMatchObject({
      cors: undefined,
      routes: [{ routeKey: 'POST /{proxy+}', functionName: 'f', timeoutMs: 30_000 }],
    });
  });

  it('finds the name of a secret in its ARN, without the suffix', () => {
    const template = parseTemplate({
      Resources: {
        K: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'team/keys-a', SecretString: '{}' } },
      },
    });
    expect(resolveTemplate(template, stack).resources.map(secretName)).toEqual(['team/keys-a']);
  });

  it('creates no bucket for deployment packages', () => {
    const { buckets } = read({
      ServerlessDeploymentBucket: { Type: 'AWS::S3::Bucket' },
      B: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'b' } },
    });
    expect(buckets).toEqual([{ name: 'b', eventBridge: false, settings: newBucketSettings }]);
  });

  it('distinguishes disabled from enabled schedules, with a function or a queue as target', () => {
    const schedule = (State: string, target: string) => ({
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: `${State}-${target}`,
        State,
        ScheduleExpression: 'rate(1 day)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: { 'Fn::GetAtt': [target, 'Arn'] }, RoleArn: 'arn:aws:iam::000000000000:role/s' },
      },
    });
    const { schedules } = read({
      F: fn,
      Q: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q' } },
      A: schedule('ENABLED', 'F'),
      B: schedule('DISABLED', 'F'),
      C: schedule('ENABLED', 'Q'),
    });
    expect(schedules).toEqual([
      {
        name: 'ENABLED-F',
        expression: 'rate(1 day)',
        input: '{}',
        targetArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
        roleArn: 'arn:aws:iam::000000000000:role/s',
        deadLetterArn: undefined,
      },
      {
        name: 'ENABLED-Q',
        expression: 'rate(1 day)',
        input: '{}',
        targetArn: 'arn:aws:sqs:us-east-1:000000000000:q',
        roleArn: 'arn:aws:iam::000000000000:role/s',
        deadLetterArn: undefined,
      },
    ]);
  });

  it('takes the values at the limits of AWS', () => {
    const { functions, eventSourceMappings } = read({
      F: withProperties(fn, {
        MemorySize: 10_240,
        Timeout: 900,
        Environment: { Variables: { A: 'x'.repeat(4096 - 8) } },
      }),
      M: withProperties(mapping, { BatchSize: 10_000, MaximumBatchingWindowInSeconds: 300 }),
    });
    expect(functions).toMatchObject([{ memoryMb: 10_240 }]);
    expect(eventSourceMappings).toMatchObject([{ batchSize: 10_000, windowSeconds: 300 }]);
  });

  it('takes the settings of a stage without those of its metrics', () => {
    const Stage = {
      Type: 'AWS::ApiGatewayV2::Stage',
      Properties: {
        ApiId: { Ref: 'Api' },
        StageName: '$default',
        AutoDeploy: true,
        DefaultRouteSettings: { ThrottlingRateLimit: 100 },
      },
    };
    expect(read({ F: fn, Api: api, I: integration, R: route, Stage }).httpApi?.routes).toMatchObject([
      { routeKey: 'POST /{proxy+}' },
    ]);
  });

  it.each<{ readonly what: string; readonly resources: Resources; readonly detail: string }>([
    { what: 'a property', resources: { F: withProperties(fn, { Layers: ['layer'] }) }, detail: 'Layers' },
    {
      what: 'a runtime',
      resources: { F: withProperties(fn, { Runtime: 'python3.13' }) },
      detail: 'F Runtime',
    },
    {
      what: 'a bucket with versions',
      resources: { B: { Type: 'AWS::S3::Bucket', Properties: { VersioningConfiguration: {} } } },
      detail: 'VersioningConfiguration',
    },
    { what: 'a second API', resources: { Api: api, Other: api }, detail: 'A second HTTP API: Other.' },
    {
      what: 'a route to nowhere',
      resources: {
        F: fn,
        Api: api,
        I: integration,
        R: withProperties(route, { Target: 'integrations/gone' }),
      },
      detail: 'R: no integrations/gone.',
    },
    {
      what: 'a route key that API Gateway does not take',
      resources: { F: fn, Api: api, I: integration, R: withProperties(route, { RouteKey: 'any /v1' }) },
      detail: 'R RouteKey: $default, or a method and a path',
    },
    ...['GET /{proxy+}/more', 'GET /a{id}', 'GET /{a'].map((RouteKey) => ({
      what: `the route key ${RouteKey}`,
      resources: { F: fn, Api: api, I: integration, R: withProperties(route, { RouteKey }) },
      detail: 'R RouteKey: $default, or a method and a path',
    })),
    ...[{ MemorySize: 127 }, { MemorySize: 10_241 }, { Timeout: 0 }, { Timeout: 901 }].map((properties) => ({
      what: `a function with ${JSON.stringify(properties)}`,
      resources: { F: withProperties(fn, properties) },
      detail: `F ${Object.keys(properties)}`,
    })),
    {
      what: 'variables of more than 4 KB as JSON',
      resources: { F: withProperties(fn, { Environment: { Variables: { A: 'x'.repeat(4096 - 7) } } }) },
      detail: 'F Environment.Variables: at most 4096 bytes',
    },
    ...[
      { BatchSize: 0 },
      { BatchSize: 10_001, MaximumBatchingWindowInSeconds: 1 },
      { BatchSize: 11 },
      { MaximumBatchingWindowInSeconds: 301 },
      { ScalingConfig: { MaximumConcurrency: 1 } },
      { ScalingConfig: { MaximumConcurrency: 1_001 } },
    ].map((properties) => ({
      what: `a queue's mapping with ${JSON.stringify(properties)}`,
      resources: { M: withProperties(mapping, properties) },
      detail: `M ${Object.keys(properties)[0]}`,
    })),
    ...[49, 30_001].map((TimeoutInMillis) => ({
      what: `an integration that may take ${TimeoutInMillis} ms`,
      resources: { F: fn, Api: api, I: withProperties(integration, { TimeoutInMillis }) },
      detail: 'I TimeoutInMillis',
    })),
    {
      what: 'OPTIONS in the CORS settings of a Function URL',
      resources: {
        F: fn,
        U: {
          Type: 'AWS::Lambda::Url',
          Properties: {
            TargetFunctionArn: { 'Fn::GetAtt': ['F', 'Arn'] },
            AuthType: 'NONE',
            Cors: { AllowMethods: ['POST', 'OPTIONS'] },
          },
        },
      },
      detail: 'U Cors.AllowMethods.1',
    },
    {
      what: 'a source that is no queue',
      resources: {
        M: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: { EventSourceArn: 'arn:aws:kinesis:x', FunctionName: 'f' },
        },
      },
      detail: 'M EventSourceArn: the ARN of an SQS queue',
    },
  ])('rejects by name $what', ({ resources, detail }) => {
    expect(() => read(resources)).toThrow(
      expect.objectContaining({
        code: 'LOCAL_AWS_TEMPLATE_INVALID',
        detail: expect.stringContaining(detail),
      }),
    );
  });
});
