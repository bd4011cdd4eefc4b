import { type PolicyScope, policyScope } from '../../lib/access/arns.ts';
import { type NamedPolicy, readerPermissions } from '../../lib/access/readerPermissions.ts';
import { hasOwnWorkgroup, readerWorkgroup } from '../../lib/access/readerStatements.ts';
import { readerTrust } from '../../lib/access/readerTrust.ts';
import { keyAdministrators } from '../../lib/access/statsigPolicy.ts';
import { makesKey } from '../../lib/schema/config.ts';
import {
  isRole,
  type OwoxReader,
  ownDatabaseOf,
  type Reader,
  type Role,
  type RoleReader,
  type StatsigReader,
} from '../../lib/schema/readers.ts';
import { privateBucket, UNFINISHED_UPLOADS } from '../data/bucket.ts';
import { glueDatabase } from '../data/catalog.ts';
import { keyArn } from '../data/key.ts';
import {
  allResources,
  getAtt,
  type Output,
  PSEUDO_PARAMETERS,
  type Resource,
  type Resources,
  ref,
  sub,
  toFnSub,
  type Value,
} from '../template/Resource.ts';
import { idOf, logicalIds, partName, type Stack } from '../template/Stack.ts';
import { workgroupResource } from './workgroup.ts';

/**
 * The folders that OWOX writes results to. The same bucket has files of its connectors' tables, which must not expire.
 */
const OWOX_RESULT_FOLDERS = [
  'athena-check-access/',
  'athena-data-last-updated/',
  'athena-dry-run/',
  'athena-schema-fetch/',
  'owox-data-marts/',
];

/** The policies of each configured reader, its role or user, and its own resources. */
export function readers(stack: Stack): Resources {
  return allResources(stack.config.readers.map((reader) => readerResources(stack, reader)));
}

/**
 * The outputs for each reader: the role to assume, or the secret with its access keys, and its workgroup, if it has
 * one. An access key is never an output.
 */
export function readerOutputs({ config }: Stack): Readonly<Record<string, Output>> {
  return Object.assign(
    {},
    ...config.readers.flatMap((reader) => [accessOutput(reader), workgroupOutput(reader)]),
  );
}

/** The output by which a reader gets in. */
function accessOutput(reader: Reader): Readonly<Record<string, Output>> {
  if (isRole(reader))
    return {
      [readerId(reader, 'RoleArn')]: {
        Description: `Role of ${reader.name}`,
        Value: getAtt(readerId(reader, 'Role')),
      },
    };
  return {
    [readerId(reader, 'SecretArn')]: {
      Description: `Secret with the access keys of ${reader.name}`,
      Value: ref(readerId(reader, 'Secret')),
    },
  };
}

/** The output with a reader's own workgroup; none without one. */
function workgroupOutput(reader: Reader): Readonly<Record<string, Output>> {
  if (!hasOwnWorkgroup(reader)) return {};
  return {
    [readerId(reader, 'WorkgroupName')]: {
      Description: `Athena workgroup of ${reader.name}, the only one it may query in`,
      Value: ref(readerId(reader, 'Workgroup')),
    },
  };
}

/**
 * The ends of the logical IDs of policies. The words before `Policy` are refused at the end of another reader's name:
 * lib/config/problems/readerProblems.ts.
 */
const POLICY_PARTS = { read: 'Policy', write: 'WritePolicy', also: 'AlsoPolicy' } as const;

/**
 * Descriptions of the policies. IAM never changes the description of a managed policy: another text makes another
 * policy.
 */
const POLICY_DESCRIPTIONS = {
  read: (reader: string) => `What ${reader} may do with what Sluice landed: read`,
  write: (reader: string) => `What ${reader} may do with what Sluice landed: write`,
  also: (reader: string) => `What ${reader} may read besides what Sluice landed`,
} as const;

/** Whether the policy of the stack's own key names a reader as administrator. */
function administersOurKey({ config }: Pick<Stack, 'config'>, reader: Reader): reader is StatsigReader {
  return reader.kind === 'statsig' && reader.keyAdministrator && makesKey(config);
}

/** The statements of the key's policy for readers that administer the key. */
export function keyAdministratorStatements(stack: Pick<Stack, 'config'>): Value[] {
  const ids = stack.config.readers
    .filter((reader) => administersOurKey(stack, reader))
    .map((reader) => `\${${identityId(reader)}.Arn}`);
  return keyAdministrators(ids).map(toFnSub);
}

/** Logical ID of a reader's role or user. */
export function identityId(reader: Reader): string {
  return readerId(reader, isRole(reader) ? 'Role' : 'User');
}

/** What one reader needs: policies, a role or user, and its own workgroup, database and bucket. */
function readerResources(stack: Stack, reader: Reader): Resources {
  const permissions = readerPermissions(stackPlace(stack), reader);
  const ownDatabase = ownDatabaseOf(reader);
  const policyId = (name: NamedPolicy['name']) => readerId(reader, POLICY_PARTS[name]);
  // The key's policy names the role or user, and this policy names the key. A policy can be attached in two ways, and
  // this one makes no circle of references.
  const isAttachedByPolicy = (name: NamedPolicy['name']) =>
    name === 'read' && administersOurKey(stack, reader);
  return {
    ...Object.fromEntries(
      // The policies are managed, because inline policies of a user may have only 2,048 characters.
      permissions.map(({ name, document }): [string, Resource] => [
        policyId(name),
        {
          Type: 'AWS::IAM::ManagedPolicy',
          Properties: {
            Description: POLICY_DESCRIPTIONS[name](`${reader.name} (${reader.kind})`),
            PolicyDocument: toFnSub(document),
            ...(isAttachedByPolicy(name)
              ? { [isRole(reader) ? 'Roles' : 'Users']: [ref(identityId(reader))] }
              : {}),
          },
        },
      ]),
    ),
    ...identity(stack, reader, [
      ...permissions.filter(({ name }) => !isAttachedByPolicy(name)).map(({ name }) => ref(policyId(name))),
      ...reader.policies,
    ]),
    ...(reader.kind === 'owox' && !reader.existingResultsBucket ? resultsBucket(stack, reader) : {}),
    ...(hasOwnWorkgroup(reader) ? { [readerId(reader, 'Workgroup')]: ownWorkgroup(stack, reader) } : {}),
    ...(ownDatabase === null
      ? {}
      : {
          [readerId(reader, 'Database')]: glueDatabase(
            ownDatabase,
            `What ${reader.name} makes of the tables that Sluice landed`,
          ),
        }),
  };
}

/** The role or the user of a reader. @param policies ARNs of its managed policies. */
function identity(stack: Stack, reader: Reader, policies: Value): Resources {
  return isRole(reader) ? readerRole(stack, reader, policies) : readerUser(stack, reader, policies);
}

/** The role of a reader, and its instance profile if it is of EC2. */
function readerRole(stack: Stack, reader: Role, policies: Value): Resources {
  const resources: Resources = {
    [readerId(reader, 'Role')]: {
      Type: 'AWS::IAM::Role',
      Properties: {
        ...(reader.iamName && { RoleName: reader.iamName }),
        Description: `${reader.name} (${reader.kind}) reads what Sluice landed`,
        AssumeRolePolicyDocument: toFnSub(readerTrust(stackPlace(stack), reader)),
        ManagedPolicyArns: policies,
      },
    },
  };
  if (reader.principal !== 'ec2') return resources;
  // An EC2 instance gets a role only through an instance profile.
  return {
    ...resources,
    [readerId(reader, 'InstanceProfile')]: {
      Type: 'AWS::IAM::InstanceProfile',
      Properties: { Roles: [ref(readerId(reader, 'Role'))] },
    },
  };
}

/**
 * The reader's own workgroup. A reader that shared a workgroup could read, replace and delete the results of others.
 */
function ownWorkgroup(stack: Stack, reader: RoleReader): Resource {
  const { workgroup, resultsFolder } = readerWorkgroup(stackPlace(stack), reader);
  return workgroupResource(stack, {
    name: workgroup,
    description: `Queries of ${reader.name} (${reader.kind}); results go to the bucket's ${resultsFolder}`,
    folder: resultsFolder,
  });
}

/**
 * A user, its access keys, and the secret that holds them. Nothing else shows the secret key, not even the deployment.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-accesskey.html
 */
function readerUser(stack: Stack, reader: Reader, policies: Value): Resources {
  const keyId = readerId(reader, 'AccessKey');
  return {
    [readerId(reader, 'User')]: {
      Type: 'AWS::IAM::User',
      Properties: { ...(reader.iamName && { UserName: reader.iamName }), ManagedPolicyArns: policies },
    },
    [keyId]: {
      Type: 'AWS::IAM::AccessKey',
      Properties: { UserName: ref(readerId(reader, 'User')), Serial: reader.keySerial },
    },
    [readerId(reader, 'Secret')]: {
      Type: 'AWS::SecretsManager::Secret',
      Properties: {
        Name: secretName(stack, reader),
        Description: `Access keys of ${reader.name} (${reader.kind})`,
        SecretString: sub(`{"accessKeyId":"\${${keyId}}","secretAccessKey":"\${${keyId}.SecretAccessKey}"}`),
      },
    },
  };
}

/**
 * The name of the secret: `sluice-prod-reader-metabase-0a1b2c3d`. It begins like the stack's name, so that the identity
 * that deploys this stack needs no permission to delete other stacks' secrets. It ends like the stack's ID, because a
 * deleted secret keeps its name for up to 30 days, which would block a new deployment.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
 */
function secretName(stack: Stack, { name }: Reader): Value {
  const id = { 'Fn::Select': [2, { 'Fn::Split': ['/', ref('AWS::StackId')] }] };
  return {
    'Fn::Join': ['-', [partName(stack, `reader-${name}`), { 'Fn::Select': [0, { 'Fn::Split': ['-', id] }] }]],
  };
}

/** A bucket for the results of OWOX. OWOX accepts a bucket without a folder, so its results cannot share the data bucket. */
function resultsBucket(stack: Stack, reader: OwoxReader): Resources {
  const { queryResultDays } = stack.config.retention;
  const expiry =
    queryResultDays === null
      ? []
      : OWOX_RESULT_FOLDERS.map((Prefix) => ({
          Id: Prefix.replace('/', ''),
          Status: 'Enabled',
          Prefix,
          ExpirationInDays: queryResultDays,
        }));
  return privateBucket(readerId(reader, 'ResultsBucket'), {
    name: reader.resultsBucket,
    key: keyArn(stack),
    rules: [...expiry, UNFINISHED_UPLOADS],
  });
}

/** Logical ID of a reader's own resource: `ReaderBiTeamPolicy` of `bi-team`. */
export function readerId({ name }: Pick<Reader, 'name'>, part: string): string {
  return `Reader${idOf(name, part)}`;
}

/** The bucket, database, key and account of the stack, in the notation of `Fn::Sub`. */
function stackPlace({ config }: Pick<Stack, 'config'>): PolicyScope {
  return policyScope(config, {
    ...PSEUDO_PARAMETERS,
    keyArn: makesKey(config) ? `\${${logicalIds.key}.Arn}` : config.existing.keyArn,
  });
}
