import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type LocalAws,
  type LocalAwsOptions,
  type StackSource,
  startLocalAws,
} from '../../src/server/index.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

/** The resources of a template, by logical ID. */
export type Resources = Readonly<Record<string, object>>;

/** A local cloud whose stack is updated. */
export class UpdateFixture {
  readonly directory = temporaryDirectory();
  #aws: LocalAws | undefined;

  get data(): string {
    return join(this.directory.path, 'data');
  }

  get aws(): LocalAws {
    if (this.#aws === undefined) throw new Error('not started');
    return this.#aws;
  }

  /** Options of AWS clients. */
  get client() {
    return {
      endpoint: this.aws.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
      forcePathStyle: true,
    };
  }

  /** Starts with a template, or again with another one. */
  async start(
    resources: Resources,
    options: Partial<LocalAwsOptions> & { source?: Partial<StackSource> } = {},
  ) {
    const { source, ...rest } = options;
    await this.#aws?.close();
    this.#aws = undefined;
    const stack = { template: { Resources: resources }, stackName: 'shop', ...source };
    this.#aws = await startLocalAws({ stack, directory: this.data, ...rest });
  }

  update(resources: Resources, source: Partial<StackSource> = {}) {
    return this.aws.update({ template: { Resources: resources }, stackName: 'shop', ...source });
  }

  /** A directory with the code of functions: modules by name. */
  code(name: string, modules: Readonly<Record<string, string>>): string {
    const directory = join(this.directory.path, name);
    mkdirSync(directory, { recursive: true });
    for (const [module, text] of Object.entries(modules))
      writeFileSync(join(directory, `${module}.mjs`), text);
    return directory;
  }

  async stop() {
    await this.#aws?.close();
    this.#aws = undefined;
  }

  async close() {
    await this.stop();
    this.directory.remove();
  }
}

export const bucket = (BucketName: string, properties: object = {}, attributes: object = {}) => ({
  Type: 'AWS::S3::Bucket',
  Properties: { BucketName, ...properties },
  ...attributes,
});

export const queue = (QueueName: string, properties: object = {}, attributes: object = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties: { QueueName, ...properties },
  ...attributes,
});

export const database = (Name: string) => ({
  Type: 'AWS::Glue::Database',
  Properties: { CatalogId: '000000000000', DatabaseInput: { Name } },
});

/** A table of a database that is named `shop`. */
export const table = (Name: string, columns: readonly string[], attributes: object = {}) => ({
  Type: 'AWS::Glue::Table',
  DependsOn: 'Database',
  Properties: {
    CatalogId: '000000000000',
    DatabaseName: 'shop',
    TableInput: {
      Name,
      PartitionKeys: [{ Name: 'ds', Type: 'string' }],
      StorageDescriptor: {
        Columns: columns.map((column) => ({ Name: column, Type: 'string' })),
        Location: `s3://landing/${Name}/`,
      },
    },
  },
  ...attributes,
});

/** A stream that delivers to the bucket `landing`. */
export const stream = (Prefix: string, properties: object = {}) => ({
  Type: 'AWS::KinesisFirehose::DeliveryStream',
  DependsOn: 'Landing',
  Properties: {
    DeliveryStreamName: 'orders',
    ExtendedS3DestinationConfiguration: {
      BucketARN: 'arn:aws:s3:::landing',
      RoleARN: 'arn:aws:iam::000000000000:role/delivery',
      Prefix,
      ...properties,
    },
  },
});

/** A function whose handler is in a module of the same name. */
export const lambda = (FunctionName: string, properties: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    FunctionName,
    Handler: `${FunctionName}.handler`,
    Runtime: 'nodejs24.x',
    Role: 'arn:aws:iam::000000000000:role/worker',
    Timeout: 30,
    Code: {},
    ...properties,
  },
});

/** An HTTP API whose every route is a function's, by logical ID. */
export const httpApi = (functionId: string): Resources => ({
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'shop', ProtocolType: 'HTTP' } },
  Stage: {
    Type: 'AWS::ApiGatewayV2::Stage',
    Properties: { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true },
  },
  Integration: {
    Type: 'AWS::ApiGatewayV2::Integration',
    Properties: {
      ApiId: { Ref: 'Api' },
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: { 'Fn::GetAtt': [functionId, 'Arn'] },
      PayloadFormatVersion: '2.0',
    },
  },
  Route: {
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: {
      ApiId: { Ref: 'Api' },
      RouteKey: '$default',
      Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
    },
  },
});

/** A Function URL of a function, by logical ID, with the permissions that everybody needs to invoke it. */
export const functionUrl = (functionId: string): Resources => {
  const FunctionName = { 'Fn::GetAtt': [functionId, 'Arn'] };
  const permission = (properties: object) => ({
    Type: 'AWS::Lambda::Permission',
    Properties: { FunctionName, Principal: '*', ...properties },
  });
  return {
    Url: {
      Type: 'AWS::Lambda::Url',
      Properties: { TargetFunctionArn: FunctionName, AuthType: 'NONE', Cors: { AllowOrigins: ['*'] } },
    },
    MayPost: permission({ Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' }),
    MayInvoke: permission({ Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true }),
  };
};
