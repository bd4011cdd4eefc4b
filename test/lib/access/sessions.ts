import { expect } from '@jest/globals';
import { resources } from '../../../infra/resources.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { parseTemplate, resolveTemplate } from '../../../packages/local-aws/src/template/index.ts';
import { acmeSource, eventsDataset, exportTo, type SourceInput } from '../../harness/configInput.ts';
import { readPolicies } from '../../permissions/readPolicies.ts';
import { type Document, decideCall } from './decideCall.ts';

/** The deployment's account. */
export const OURS = '999999999999';
/** The deployment's bucket. */
export const OWN = 'own-bucket';
/** The day of what is loaded and exported. */
export const DAY = '2026-11-19';
const ROLE = `arn:aws:sts::${OURS}:assumed-role/sluice-dev-IngestLoadRole-X/session`;
/** The place of the deployment, as session policies take it. */
export const place = {
  partition: 'aws',
  account: OURS,
  bucket: OWN,
  encryption: 'kms',
  keyArn: null,
} as const;

/** A key of an account. */
export function keyOf(account: string): string {
  return `arn:aws:kms:us-east-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
}
/** The context of a key's use by S3. */
export const VIA_S3 = { 'kms:ViaService': 's3.us-east-1.amazonaws.com' };

/** A role of a customer that we assume. */
export function customersRole(owner: string): string {
  return `arn:aws:iam::${owner}:role/sluice`;
}

/** A source with two datasets. @param owner The account of its bucket. */
export function sourceOf(name: string, owner: string, more: Partial<SourceInput> = {}): SourceInput {
  return acmeSource({
    name,
    owner,
    bucket: `${name}-drops`,
    kmsKeyArn: keyOf(owner),
    receipt: 'sluice-receipts',
    datasets: ['events', 'events-2'].map((dataset) =>
      eventsDataset({ name: dataset, folder: `in/${dataset}` }),
    ),
    ...more,
  });
}

const byRole = (owner: string) => ({ role: { arn: customersRole(owner), externalId: 'made-by-us' } });
/** A deployment with three sources, of which Sluice reads the third by a role of the customer, and three exports. */
export const config = defineConfig({
  bucket: OWN,
  sources: [
    sourceOf('acme', '111111111111'),
    sourceOf('acme-2', '222222222222'),
    sourceOf('third', '333333333333', byRole('333333333333')),
  ],
  exports: [
    ...['acme', 'acme-2'].map((name, i) =>
      exportTo(
        { bucket: `${name}-warehouse`, owner: `${i + 1}`.repeat(12) },
        { name, table: `${name.replace('-', '_')}_events` },
      ),
    ),
    exportTo({ owner: '111111111111' }, { name: 'sdks', table: 'statsig_forwarded_exposures' }),
  ],
});

/** A value that is there. @throws Error without one. */
export function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('no value');
  return value;
}
/** The source whose bucket Sluice reads by its own roles. */
export const acme = required(config.sources[0]);
/** The source whose bucket Sluice reads by a role of the customer. */
export const third = required(config.sources[2]);

/** The resources of the stack. */
export const stackResources = resources({ config, service: 'sluice', stage: 'dev' }).Resources;
const NEEDED = /^(Ingest.*|Export)(Role|Queue|DeadLetterQueue)$|^(DataBucket|DataKey|Database|KeysSecret)$/;
/** The roles of a stack, without what serverless.yml makes and what refers to it. */
export function rolesOf(stack: typeof stackResources) {
  const needed = Object.entries(stack).filter(([id]) => NEEDED.test(id));
  const template = parseTemplate({ Resources: Object.fromEntries(needed), Outputs: {} });
  const values = {
    region: 'us-east-1',
    account: OURS,
    partition: 'aws',
    stackName: 'sluice-dev',
    endpoint: 'http://127.0.0.1',
  };
  return readPolicies(resolveTemplate(template, values)).roles;
}
/** The roles of the stack. */
export const roles = rolesOf(stackResources);

/** The policy of a role. @param id Its name in the stack. */
export function policyOf(id: string, stackRoles = roles): Document {
  const role = stackRoles.find(({ logicalId }) => logicalId === id);
  return { Version: '2012-10-17', Statement: role?.statements ?? [] };
}
/** The policy of a customer's role, which may do far more than we need. */
export const everything: Document = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['*'], Resource: ['*'] }],
};

/** A call. */
export interface Asked {
  /** The action, as IAM names it. */
  readonly action: string;
  /** ARN of its resource. */
  readonly resource: string;
  /** Members of its context that conditions compare. Default: none. */
  readonly context?: Readonly<Record<string, string>>;
}

/** A call on an object of S3. */
export function onObject(action: string, bucket: string, key: string): Asked {
  return { action: `s3:${action}`, resource: `arn:aws:s3:::${bucket}/${key}` };
}

/** A list of a bucket, of all of it without a prefix. */
export function listing(bucket: string, prefix?: string): Asked {
  return {
    action: 's3:ListBucket',
    resource: `arn:aws:s3:::${bucket}`,
    ...(prefix === undefined ? {} : { context: { 's3:prefix': prefix } }),
  };
}

/** A list of the uploads of a bucket that are not finished. */
export function listingUploads(bucket: string): Asked {
  return { action: 's3:ListBucketMultipartUploads', resource: `arn:aws:s3:::${bucket}` };
}

/** A call on a table of our database. */
export function onTable(action: string, table: string): Asked {
  return { action: `glue:${action}`, resource: `arn:aws:glue:us-east-1:${OURS}:table/sluice/${table}` };
}

/** A call on a key, by way of S3. */
export function onKey(action: 'Decrypt' | 'GenerateDataKey', keyArn: string): Asked {
  return { action: `kms:${action}`, resource: keyArn, context: VIA_S3 };
}

/** A call that assumes a role. */
export function assuming(roleArn: string): Asked {
  return { action: 'sts:AssumeRole', resource: roleArn };
}

/** Calls as texts. */
export function textsOf(calls: readonly Asked[]): readonly string[] {
  return calls.map(({ action, resource, context }) =>
    [action, resource, context?.['s3:prefix'] ?? ''].join(' ').trim(),
  );
}

/**
 * Decides on calls of a role's session, where the owners of the resources allow everything.
 *
 * @param sessionPolicy As JSON.
 * @param role The policy of the role; that of the load by default.
 * @returns The calls that are allowed, as texts.
 */
export async function allowedOf(
  sessionPolicy: string,
  calls: readonly Asked[],
  role = policyOf('IngestLoadRole'),
): Promise<readonly string[]> {
  const allowed: Asked[] = [];
  for (const call of calls) {
    const { action, resource, context = {} } = call;
    const caller = {
      principal: ROLE,
      policies: [role],
      sessionPolicy: JSON.parse(sessionPolicy),
      resourceAccount: OURS,
      // Keys and roles let nobody in whom their own policies do not name.
      resourcePolicy: /^(kms|sts):/.test(action) ? allowingUs(action, resource) : undefined,
    };
    if ((await decideCall(caller, { action, resources: [resource], context })) === 'Allowed')
      allowed.push(call);
  }
  return textsOf(allowed);
}

/** Expects that a session may make these of the calls, and no others: {@link allowedOf}. */
export async function allows(allowed: readonly Asked[], ...of: Parameters<typeof allowedOf>): Promise<void> {
  expect(await allowedOf(...of)).toEqual(textsOf(allowed));
}

/** A policy of a bucket or a key that lets our whole account do something. */
function allowingUs(Action: string, Resource: string): Document {
  const Principal = { AWS: `arn:aws:iam::${OURS}:root` };
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action, Resource }] };
}

/** Calls that are forbidden to every session of one dataset. */
export const forbiddenToAll: readonly Asked[] = [
  listing(OWN),
  listing(OWN, ''),
  listing(OWN, 'ledger/'),
  listing(OWN, 'ledger/_versions/'),
  listing(OWN, 'quarantine/'),
  listing('acme-drops'),
  listing('acme-drops', 'in/'),
  listing('acme-drops', 'in/events'),
  onObject('GetObject', OWN, `statsig/statsig_forwarded_events/x/${DAY}/a`),
  onObject('GetObject', OWN, `quarantine/${DAY}/a`),
  onObject('PutObject', OWN, 'ledger/acme/trigger.json'),
  onObject('PutObject', 'acme-drops', 'in/events/x'),
  { action: 'sqs:SendMessage', resource: `arn:aws:sqs:us-east-1:${OURS}:sluice-dev-ingest-load` },
  assuming(`arn:aws:iam::${OURS}:role/sluice-dev-IngestLoadRole-X`),
  assuming(customersRole('333333333333')),
];
