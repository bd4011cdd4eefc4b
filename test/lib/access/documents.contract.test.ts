import { describe, expect, it } from '@jest/globals';
import { alsoReadsPolicy } from '../../../lib/access/alsoReads.ts';
import {
  exportTargetPolicies,
  ingestSourcePolicies,
} from '../../../lib/access/buckets/customerBucketPolicies.ts';
import { deployPolicies } from '../../../lib/access/deployPolicy.ts';
import { metabasePolicy, metabaseWritePolicy } from '../../../lib/access/metabasePolicy.ts';
import { trialPolicies } from '../../../lib/access/operators/trialPolicy.ts';
import { owoxPolicy } from '../../../lib/access/owoxPolicy.ts';
import {
  ACCESS_LIMITS,
  type PolicyDocument,
  policyDocument,
  type Statement,
} from '../../../lib/access/policyDocument.ts';
import { readerWorkgroup } from '../../../lib/access/readerStatements.ts';
import { statsigPolicy } from '../../../lib/access/statsigPolicy.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { alsoReadsSchema } from '../../../lib/schema/fields/alsoReads.ts';
import { sampleActions } from '../../../observe/doctor/simulator.ts';
import { textOf } from '../../harness/textOf.ts';
import { keyPolicy, scope } from './calls.ts';
import { decideCall } from './decideCall.ts';

const other = {
  partition: 'aws',
  bucket: 'customer-exports',
  principal: 'arn:aws:iam::111122223333:role/ingest',
  keyArn: 'arn:aws:kms:eu-west-1:444455556666:key/00000000-1111-2222-3333-444455556666',
};
const deployed = defineConfig({
  bucket: scope.bucket,
  athena: { stagingDatabase: scope.stagingDatabase },
  endpoint: {
    domain: 'collect.acme.com',
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab',
    accessLogDays: 30,
  },
  tags: { team: 'data', 'cost-center': '47' },
  permissionsBoundary: 'arn:aws:iam::111122223333:policy/boundary',
  readers: [
    { kind: 'statsig', name: 'statsig', as: 'user', keyAdministrator: true },
    { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' },
    { kind: 'metabase', name: 'metabase', ownDatabase: 'metabase' },
  ],
});
const deploy = deployPolicies(scope, deployed, 'sluice-prod');
const trial = trialPolicies(scope, deployed);
const access = { statsigForwardsHere: false, keyAdministrator: true };

/** Names of actions by their service, as a text between spaces. */
type Actions = Readonly<Record<string, string>>;

/** A policy, and actions. */
interface Compared {
  readonly policy: PolicyDocument;
  /** The actions of the vendor's document. */
  readonly document: Actions;
  /** Those of them that the policy leaves out. Default none. */
  readonly unneeded?: Actions;
}

/** The actions with their services. */
const namesOf = (actions: Actions): readonly string[] =>
  Object.entries(actions).flatMap(([service, names]) => names.split(' ').map((name) => `${service}:${name}`));

/** The policies of readers, and of Sluice in the buckets of others. */
const compared: Record<string, Compared> = {
  Statsig: {
    policy: statsigPolicy(scope, readerWorkgroup(scope, { name: 'statsig' }), access),
    document: {
      s3: 'ListBucket GetBucketLocation GetObject PutObject DeleteObject',
      athena: 'StartQueryExecution GetQueryResults GetQueryExecution',
      glue: 'GetTable GetDatabase GetDatabases GetPartition GetPartitions CreateTable UpdateTable DeleteTable CreatePartition UpdatePartition DeletePartition BatchCreatePartition BatchDeletePartition',
      kms: 'CancelKeyDeletion DescribeKey DisableKey DisableKeyRotation EnableKey EnableKeyRotation GetKeyPolicy GetKeyRotationStatus ListGrants ListKeyPolicies ListResourceTags PutKeyPolicy RevokeGrant ScheduleKeyDeletion TagResource UntagResource UpdateKeyDescription',
    },
  },
  OWOX: {
    policy: owoxPolicy(scope, { resultsBucket: 'acme-owox', ownDatabase: 'owox' }),
    document: {
      athena:
        'StartQueryExecution StopQueryExecution GetQueryExecution GetQueryResults GetWorkGroup BatchGetQueryExecution GetDataCatalog ListDatabases GetDatabase ListDataCatalogs',
      glue: 'GetDatabases GetDatabase GetTable GetTables CreateTable UpdateTable DeleteTable CreateDatabase DeleteDatabase',
      s3: 'GetObject ListBucket GetBucketLocation ListBucketMultipartUploads ListMultipartUploadParts AbortMultipartUpload PutObject DeleteObject',
    },
    unneeded: {
      glue: 'DeleteDatabase',
    },
  },
  Metabase: {
    policy: metabasePolicy(scope, readerWorkgroup(scope, { name: 'metabase' })),
    document: {
      athena:
        'BatchGetNamedQuery BatchGetQueryExecution GetNamedQuery GetQueryExecution GetQueryResults GetQueryResultsStream GetWorkGroup ListNamedQueries ListQueryExecutions ListTagsForResource StartQueryExecution StopQueryExecution CreatePreparedStatement DeletePreparedStatement GetPreparedStatement ListDatabases ListTableMetadata ListDataCatalogs ListWorkGroups',
      glue: 'GetDatabase GetDatabases GetTable GetTables BatchGetPartition GetPartition GetPartitions GetTableVersion GetTableVersions',
      s3: 'GetObject ListBucket GetBucketLocation PutObject AbortMultipartUpload',
    },
  },
  'Metabase, `ownDatabase`': {
    policy: metabaseWritePolicy(scope, 'metabase'),
    document: {
      glue: 'BatchCreatePartition CreateTable UpdateTable BatchDeletePartition BatchDeleteTable DeleteTable CreatePartition DeletePartition UpdatePartition UpdateDatabase DeleteDatabase CreateDatabase',
    },
    unneeded: {
      glue: 'UpdateDatabase DeleteDatabase CreateDatabase',
    },
  },
  "Sluice, in a source's bucket": {
    policy: ingestSourcePolicies(other).callerPolicy,
    document: {
      s3: 'ListBucket GetBucketLocation GetObject',
    },
    unneeded: {
      s3: 'GetBucketLocation',
    },
  },
  "Sluice, in an export's bucket": {
    policy: exportTargetPolicies(other).callerPolicy,
    document: {
      s3: 'ListBucket PutObject DeleteObject AbortMultipartUpload GetBucketLocation GetObject DeleteObjectVersion ListMultipartUploadParts ListBucketMultipartUploads',
    },
    unneeded: {
      s3: 'GetBucketLocation GetObject DeleteObjectVersion ListMultipartUploadParts',
    },
  },
};

/** The actions that a policy allows. */
const allowedBy = (policy: PolicyDocument): readonly string[] =>
  policy.Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
/** Actions of the document that the policy lacks. */
const lackingOf = ({ policy, document }: Compared) => {
  const allowed = allowedBy(policy);
  return namesOf(document).filter((action) => !allowed.includes(action));
};

const page = textOf('docs', 'readers.md');

/** The page's section about what policies have besides the documents, and lack. */
const section = page.split("## Beyond the vendors' documents\n")[1]?.split(/^## /m)[0] ?? '';

/** Actions of the page's table of what a reader has besides its vendor's document, in the order of their letters. */
function besides(reader: string): readonly string[] {
  const rows = section.matchAll(/^\| ([^|]*)\|([^|]*)\|/gm);
  let last = '';
  const actions = Array.from(rows, ([, name = '', cell = '']) => {
    last = name.trim() || last;
    return last === reader ? (cell.match(/\w+:\w+/g) ?? []) : [];
  });
  return actions.flat().sort();
}

it.each(Object.entries(compared))(
  "docs/readers.md names each action of %s that its vendor's document lacks, and no other",
  (reader, { policy, document }) => {
    const asked = namesOf(document);
    const added = new Set(allowedBy(policy).filter((action) => !asked.includes(action)));
    expect(besides(reader)).toEqual([...added].sort());
  },
);

it.each(Object.entries(compared))(
  "%s may do what its vendor's document asks for, but for what Sluice does not need",
  (_reader, { policy, document, unneeded = {} }) => {
    expect(lackingOf({ policy, document })).toEqual(namesOf(unneeded));
  },
);

it('docs/readers.md names each action of the documents that a policy lacks, and no other', () => {
  const lacking = Object.values(compared).flatMap(lackingOf);
  const [, paragraph = ''] = /^These actions of the documents it lacks: (.*)$/m.exec(section) ?? [];
  expect(new Set(paragraph.match(/\w+:\w+/g))).toEqual(new Set(lacking));
});

/** What `alsoReads` adds for Statsig. */
const alsoReads = alsoReadsPolicy(scope, {
  kind: 'statsig',
  alsoReads: alsoReadsSchema.parse([
    { database: 'finance', locations: ['s3://acme-finance/orders/'], kmsKeyArn: other.keyArn },
  ]),
});

const all: readonly { readonly of: string; readonly policy: PolicyDocument }[] = [
  ...Object.entries(compared).map(([reader, { policy }]) => ({ of: reader, policy })),
  { of: 'data of others', policy: alsoReads ?? policyDocument([]) },
  { of: 'deploy: the stack', policy: deploy.stack },
  { of: 'deploy: the data', policy: deploy.data },
  { of: 'deploy: the catalog', policy: deploy.catalog },
  { of: 'a trial', policy: trial.policy },
  { of: "a trial's roles", policy: trial.boundary },
];

/** What the policy of a trial has besides the wildcards of the others. */
const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  'athena:*': ['athena:StartQueryExecution'],
  'glue:*Database*': ['glue:GetDatabase', 'glue:DeleteDatabase'],
  'glue:*Partition*': ['glue:BatchCreatePartition'],
  'glue:*Table*': ['glue:GetTables'],
  'logs:*': ['logs:PutLogEvents', 'logs:PutRetentionPolicy'],
  'secretsmanager:*': ['secretsmanager:PutSecretValue'],
};

describe.each(all)('the policy of $of', ({ policy }) => {
  it('is valid for IAM in its length and its unique statement IDs', () => {
    expect(JSON.stringify(policy).length).toBeLessThan(ACCESS_LIMITS.managedPolicyCharacters);
    const names = policy.Statement.map(({ Sid }) => Sid);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9]+$/);
  });

  it('allows each action on a supported resource type, and names no unused resource', async () => {
    // The simulator knows `apigateway` only for REST APIs, whose ARNs differ.
    const judged = policy.Statement.filter(
      ({ Effect, Sid }) => Effect === 'Allow' && !/HttpApi|^SeeLimits$/.test(Sid),
    );
    for (const statement of judged) {
      const effective = new Set<string>();
      for (const action of statement.Action)
        for (const resource of statement.Resource ?? [])
          for (const sample of SAMPLES[action] ?? sampleActions(action))
            if (await takes(policy, statement, sample, resource)) effective.add(action).add(resource);
      const named = new Set([...statement.Action, ...(statement.Resource ?? [])]);
      expect({ statement: statement.Sid, named: effective }).toEqual({ statement: statement.Sid, named });
    }
  });
});

it("readers' policies fit into IAM's limits with the longest names that a configuration may have", () => {
  const long = {
    ...scope,
    partition: 'aws-us-gov',
    region: 'ap-southeast-1',
    bucket: 'b'.repeat(63),
    statsigFolder: 'f'.repeat(128),
    database: 'd'.repeat(255),
    stagingDatabase: 's'.repeat(255),
    workgroup: 'w'.repeat(95),
  };
  const own = readerWorkgroup(long, { name: 'r'.repeat(32) });
  for (const policy of [
    statsigPolicy(long, own, access),
    owoxPolicy(long, { resultsBucket: 'r'.repeat(63), ownDatabase: 'o'.repeat(255) }),
    metabasePolicy(long, own),
    metabaseWritePolicy(long, 'o'.repeat(255)),
  ])
    expect(JSON.stringify(policy).length).toBeLessThan(ACCESS_LIMITS.managedPolicyCharacters);
});

/** Whether a statement alone allows an action on an example of a resource, its condition met. */
async function takes(policy: PolicyDocument, statement: Statement, action: string, resource: string) {
  const example = resource === '*' ? exampleOf(action) : resource.replaceAll('?', 'a').replaceAll('*', 'x');
  const caller = {
    principal: `arn:aws:iam::${resource.split(':')[4] || '111122223333'}:role/someone`,
    policies: [{ ...policy, Statement: [statement] }],
    resourcePolicy: action.startsWith('kms:') && resource !== '*' ? keyPolicyOf(resource) : undefined,
  };
  try {
    const context = Object.fromEntries(Object.values(statement.Condition ?? {}).flatMap(exampleContext));
    return (await decideCall(caller, { action, resources: [example], context })) === 'Allowed';
  } catch {
    return false; // IAM knows no such action on a resource of this type.
  }
}

/** An example ARN of a mapping or of metrics; all other actions that are allowed on `*` have no ARN. */
function exampleOf(action: string): string {
  if (action === 'cloudwatch:GetMetricData')
    return 'arn:aws:cloudwatch:eu-west-1:111122223333:dataset/default';
  if (!action.endsWith('EventSourceMapping') || action === 'lambda:CreateEventSourceMapping') return '*';
  return 'arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:0a1b2c3d-0000-1111-2222-333344445555';
}

/** Many-valued where the key is. */
function exampleContext(condition: Readonly<Record<string, string | readonly string[]>>) {
  return Object.entries(condition).map(([key, values]): [string, string | string[]] => {
    const value = String([values].flat()[0]).replaceAll('*', 'x');
    return [key, /^aws:(?:TagKeys|CalledVia)$/.test(key) ? [value] : value];
  });
}

function keyPolicyOf(keyArn: string): PolicyDocument {
  return JSON.parse(JSON.stringify(keyPolicy).replaceAll('111122223333', keyArn.split(':')[4] ?? ''));
}
