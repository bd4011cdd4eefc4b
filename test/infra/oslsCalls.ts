import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Call } from '../lib/access/decideCall.ts';

const plugin = join(
  dirname(createRequire(import.meta.url).resolve('serverless/package.json')),
  'lib/plugins/aws',
);

/** Commands of the AWS SDK that Serverless's own code for deploy, info and remove constructs, by name: `CreateStack`. */
export function oslsCommands(): ReadonlySet<string> {
  const files = ['deploy', 'info', 'lib', 'remove', 'utils'].flatMap((folder) =>
    readdirSync(join(plugin, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.js'))
      .map((file) => join(plugin, folder, file)),
  );
  return new Set(
    files.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/new (\w+)Command\(/g)].map(([, name = '']) => name),
    ),
  );
}

/** Commands that are not checked, with the reason: mostly an option that serverless.yml does not set. */
export const NOT_OURS: Readonly<Record<string, string>> = {
  CreateRepository: 'container images',
  DeleteRepository: 'container images',
  DeleteSubscriptionFilter: 'functions that logs trigger',
  DescribeImages: 'container images',
  DescribeRepositories: 'container images; Serverless goes on when it is denied',
  DescribeSubscriptionFilters: 'functions that logs trigger',
  GetApi: 'an HTTP API, which the simulator does not know',
  GetApiKey: 'API keys of REST APIs',
  GetAuthorizationToken: 'container images',
  GetCallerIdentity: 'nobody needs a permission for it',
  ListExports: 'outputs that import',
  PutLifecyclePolicy: 'container images',
  SetStackPolicy: 'provider.stackPolicy',
};

/** Permissions that each of the other commands needs, on the stack, a zip, its bucket and a function of the stack. */
export function oslsCalls(of: {
  readonly stack: string;
  readonly bucket: string;
  readonly functionArn: string;
}): Readonly<Record<string, readonly Call[]>> {
  const on = (resource: string, ...actions: string[]): Call[] =>
    actions.map((action) => ({ action, resources: [resource] }));
  const onStack = (name: string) => [name, on(of.stack, `cloudformation:${name}`)] as const;
  const zip = `${of.bucket}/serverless/sluice/prod/1795176000000-2026/collect.zip`;
  return {
    ...Object.fromEntries(
      [
        ...['CreateChangeSet', 'CreateStack', 'DeleteChangeSet', 'DeleteStack', 'DescribeChangeSet'],
        ...['DescribeStackEvents', 'DescribeStackResource', 'DescribeStackResources', 'DescribeStacks'],
        ...['ExecuteChangeSet', 'GetTemplate', 'ListStackResources', 'UpdateStack'],
      ].map(onStack),
    ),
    ValidateTemplate: on('*', 'cloudformation:ValidateTemplate'),
    GetFunction: on(of.functionArn, 'lambda:GetFunction'),
    HeadBucket: on(of.bucket, 's3:ListBucket'),
    HeadObject: on(zip, 's3:GetObject'),
    ListObjectsV2: on(of.bucket, 's3:ListBucket'),
    ListObjectVersions: on(of.bucket, 's3:ListBucketVersions'),
    DeleteObjects: on(zip, 's3:DeleteObject', 's3:DeleteObjectVersion'),
    // By @aws-sdk/lib-storage, in parts where a zip is large.
    Upload: on(zip, 's3:PutObject', 's3:AbortMultipartUpload'),
    // The stack's tags: `STAGE`.
    Tags: on(of.stack, 'cloudformation:TagResource', 'cloudformation:UntagResource'),
  };
}
