import {
  encryptedTransportOnly,
  ownershipControls,
  publicAccessBlock,
} from '../../lib/access/bucketSettings.ts';
import { UNFINISHED_UPLOAD_DAYS } from '../../lib/access/lifecycleRules.ts';
import { type Place, placeFor } from '../../lib/access/place.ts';
import { readerPermissions } from '../../lib/access/readerPermissions.ts';
import { readerWorkgroup } from '../../lib/access/readerStatements.ts';
import { readerTrust } from '../../lib/access/readerTrust.ts';
import type { MetabaseReader, OwoxReader, Reader, StatsigReader } from '../../lib/schema/readers.ts';
import { glueDatabase } from '../data/catalog.ts';
import { keyArn } from '../data/key.ts';
import {
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
import { logicalIds, partName, type Stack } from '../template/Stack.ts';
import { workgroupResource } from './workgroup.ts';

/** Where OWOX writes results. The same bucket has files of its connectors' tables, which must not expire. */
const OWOX_RESULT_FOLDERS = [
  'athena-check-access/',
  'athena-data-last-updated/',
  'athena-dry-run/',
  'athena-schema-fetch/',
  'owox-data-marts/',
];

/** The policies of each configured reader, its role or user, and its own resources. */
export function readers(stack: Stack): Resources {
  return Object.assign({}, ...stack.config.readers.map((reader) => readerResources(stack, reader)));
}

/**
 * The outputs for each reader: the role to assume, or the secret with its access keys, and its workgroup, if it has one.
 * An access key is never an output.
 */
export function readerOutputs({ config }: Stack): Readonly<Record<string, Output>> {
  return Object.fromEntries(
    config.readers.flatMap((reader): [string, Output][] => [
      isRole(reader)
        ? [
            readerId(reader, 'RoleArn'),
            { Description: `Role of ${reader.name}`, Value: getAtt(readerId(reader, 'Role')) },
          ]
        : [
            readerId(reader, 'SecretArn'),
            {
              Description: `Secret with the access keys of ${reader.name}`,
              Value: ref(readerId(reader, 'Secret')),
            },
          ],
      ...(reader.kind === 'owox'
        ? []
        : [
            [
              readerId(reader, 'WorkgroupName'),
              {
                Description: `Athena workgroup of ${reader.name}, the only one it may query in`,
                Value: ref(readerId(reader, 'Workgroup')),
              },
            ] satisfies [string, Output],
          ]),
    ]),
  );
}

function readerResources(stack: Stack, reader: Reader): Resources {
  const permissions = readerPermissions(stackPlace(stack), reader);
  const policyId = (name: string) => readerId(reader, name === 'read' ? 'Policy' : 'WritePolicy');
  return {
    ...Object.fromEntries(
      // Managed, as inline policies of a user may hold 2,048 characters only.
      permissions.map(({ name, document }): [string, Resource] => [
        policyId(name),
        {
          Type: 'AWS::IAM::ManagedPolicy',
          Properties: {
            Description: `What ${reader.name} (${reader.kind}) may do with what Sluice landed: ${name}`,
            PolicyDocument: toFnSub(document),
          },
        },
      ]),
    ),
    ...identity(
      stack,
      reader,
      permissions.map(({ name }) => ref(policyId(name))),
    ),
    ...(reader.kind === 'owox'
      ? resultsBucket(stack, reader)
      : { [readerId(reader, 'Workgroup')]: ownWorkgroup(stack, reader) }),
    ...(reader.kind === 'statsig' || reader.ownDatabase === null
      ? {}
      : {
          [readerId(reader, 'Database')]: glueDatabase(
            reader.ownDatabase,
            `What ${reader.name} makes of the tables that Sluice landed`,
          ),
        }),
  };
}

function identity(stack: Stack, reader: Reader, policies: Value): Resources {
  return isRole(reader) ? readerRole(stack, reader, policies) : readerUser(stack, reader, policies);
}

function readerRole(stack: Stack, reader: StatsigReader | MetabaseReader, policies: Value): Resources {
  const principal = reader.principal ?? '';
  const resources: Resources = {
    [readerId(reader, 'Role')]: {
      Type: 'AWS::IAM::Role',
      Properties: {
        Description: `${reader.name} (${reader.kind}) reads what Sluice landed`,
        AssumeRolePolicyDocument: toFnSub(readerTrust(stackPlace(stack), reader, principal)),
        ManagedPolicyArns: policies,
      },
    },
  };
  if (principal !== 'ec2') return resources;
  // An EC2 instance gets a role only through an instance profile.
  return {
    ...resources,
    [readerId(reader, 'InstanceProfile')]: {
      Type: 'AWS::IAM::InstanceProfile',
      Properties: { Roles: [ref(readerId(reader, 'Role'))] },
    },
  };
}

/** The reader's own workgroup. A reader that shared one could read, replace and delete the results of others. */
function ownWorkgroup(stack: Stack, reader: StatsigReader | MetabaseReader): Resource {
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
    [readerId(reader, 'User')]: { Type: 'AWS::IAM::User', Properties: { ManagedPolicyArns: policies } },
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
 * Name of the secret: `sluice-prod-reader-metabase-0a1b2c3d`. It begins like the stack's name, so that the identity that
 * deploys this stack needs no permission to delete another's secrets. It ends like the stack's ID, as a deleted secret
 * keeps its name for up to 30 days, which would block a new deployment.
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
  const id = readerId(reader, 'ResultsBucket');
  const expiry =
    queryResultDays === null
      ? []
      : OWOX_RESULT_FOLDERS.map((Prefix) => ({
          Id: Prefix.replace('/', ''),
          Status: 'Enabled',
          Prefix,
          ExpirationInDays: queryResultDays,
        }));
  return {
    [id]: {
      Type: 'AWS::S3::Bucket',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketName: reader.resultsBucket,
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            {
              ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn(stack) },
              BucketKeyEnabled: true,
            },
          ],
        },
        LifecycleConfiguration: {
          Rules: [
            ...expiry,
            {
              Id: 'unfinished-uploads',
              Status: 'Enabled',
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: UNFINISHED_UPLOAD_DAYS },
            },
          ],
        },
        OwnershipControls: ownershipControls,
        PublicAccessBlockConfiguration: publicAccessBlock,
      },
    },
    [`${id}Policy`]: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: ref(id),
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [encryptedTransportOnly([getAtt(id), sub(`\${${id}.Arn}/*`)])],
        },
      },
    },
  };
}

function isRole(reader: Reader): reader is StatsigReader | MetabaseReader {
  return reader.kind !== 'owox' && reader.as === 'role';
}

/** Logical ID of a reader's own resource: `ReaderBiTeamPolicy` of `bi-team`. */
export function readerId({ name }: Pick<Reader, 'name'>, part: string): string {
  const words = name.split('-').map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`);
  return `Reader${words.join('')}${part}`;
}

/** Bucket, database, key and account of the stack, in the notation of `Fn::Sub`. */
function stackPlace({ config }: Pick<Stack, 'config'>): Place {
  return placeFor(config, {
    ...PSEUDO_PARAMETERS,
    keyArn: config.existing.keyArn ?? `\${${logicalIds.key}.Arn}`,
  });
}
