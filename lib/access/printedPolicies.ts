import type { Config } from '../schema/config.ts';
import type { OwoxReader, Reader, StatsigReader } from '../schema/readers.ts';
import { deliveredTables } from '../tables/deliveredTables.ts';
import { GROUPS_TABLE } from '../tables/groupsTable.ts';
import { ingestedTables } from '../tables/ingestedTables.ts';
import { viewNames } from '../views/views.ts';
import {
  type CustomerBucketPolicies,
  exportTargetPolicies,
  ingestSourcePolicies,
} from './customerBucketPolicies.ts';
import { type DeployedNames, deployPolicies } from './deployPolicy.ts';
import { metabasePolicy, metabaseWritePolicy } from './metabasePolicy.ts';
import { owoxPolicy } from './owoxPolicy.ts';
import { type Place, placeFor } from './place.ts';
import type { PolicyDocument } from './policyDocument.ts';
import { probePolicy } from './probePolicy.ts';
import { readerWorkgroup } from './readerStatements.ts';
import { readerTrust } from './readerTrust.ts';
import { statsigPolicy } from './statsigPolicy.ts';

/** For whom policies are printed. */
export const POLICY_TARGETS = [
  'statsig-role',
  'statsig-user',
  'owox',
  'metabase',
  'metabase-write',
  'ingest-source',
  'export-target',
  'deploy',
  'probe',
] as const;

/** Whom a policy is printed for. */
export type PolicyTarget = (typeof POLICY_TARGETS)[number];

/** One document, and what to do with it. */
export interface PrintedPolicy {
  /** `permissions`, `trust`, `bucketPolicy`, … */
  readonly name: string;
  /** Where it is applied, a sentence. */
  readonly purpose: string;
  readonly document: PolicyDocument;
}

/** Names that the configuration does not have. An unknown name becomes a placeholder such as `__ACCOUNT_ID__`. */
export interface KnownNames {
  readonly region: string;
  /** Name of the stack: `sluice-prod`. */
  readonly stack: string;
  readonly account?: string | undefined;
  /** ARN of the key: of our bucket, or of the customer's for `ingest-source` and `export-target`. */
  readonly keyArn?: string | undefined;
  /** Who gets access. */
  readonly principal?: string | undefined;
  readonly externalId?: string | undefined;
  /** The customer's bucket, or that of OWOX's results. */
  readonly bucket?: string | undefined;
  /** Which configured reader, by name; by default the first of its kind. */
  readonly reader?: string | undefined;
}

/** The documents for a target, with the names of the configuration. */
export function printedPolicies(
  target: PolicyTarget,
  config: Config,
  known: KnownNames,
): readonly PrintedPolicy[] {
  const place = knownPlace(config, known);
  switch (target) {
    case 'statsig-role':
    case 'statsig-user':
      return statsig(target, config, known, place);
    case 'owox': {
      const reader = findReader(config, known, 'owox');
      const names: Pick<OwoxReader, 'resultsBucket' | 'ownDatabase'> = {
        resultsBucket: known.bucket ?? reader?.resultsBucket ?? '__RESULTS_BUCKET__',
        ownDatabase: reader?.ownDatabase ?? 'owox',
      };
      return [permissions(owoxPolicy(place, names))];
    }
    case 'metabase': {
      const reader = findReader(config, known, 'metabase');
      const principal = known.principal ?? reader?.principal;
      return [
        permissions(metabasePolicy(place, readerWorkgroup(place, reader ?? { name: 'metabase' }))),
        ...(principal === undefined ? [] : [trust(readerTrust(place, { kind: 'metabase' }, principal))]),
      ];
    }
    case 'metabase-write': {
      const reader = findReader(config, known, 'metabase');
      const name = reader?.name ?? 'metabase';
      const ownDatabase = reader?.ownDatabase ?? 'metabase';
      return [
        permissions(metabasePolicy(place, readerWorkgroup(place, { name, ownDatabase }))),
        {
          name: 'writePermissions',
          purpose: 'Attach it to the same user or role, if Metabase is to make tables.',
          document: metabaseWritePolicy(place, ownDatabase),
        },
      ];
    }
    case 'ingest-source':
      return bothSidesPolicies(
        ingestSourcePolicies(customerBucketGrant(place, known, '__INGEST_ROLE_ARN__')),
      );
    case 'export-target':
      return bothSidesPolicies(
        exportTargetPolicies(customerBucketGrant(place, known, '__EXPORT_ROLE_ARN__')),
      );
    case 'deploy':
      return deploy(config, known, place);
    case 'probe':
      return [permissions(probePolicy(place, config, known.stack))];
  }
}

function knownPlace(config: Config, { region, account = '__ACCOUNT_ID__', keyArn }: KnownNames): Place {
  // Of the partition `aws` are all regions that the stack can be in: lib/schema/regions.ts.
  const partition = 'aws';
  return placeFor(config, {
    partition,
    account,
    region,
    keyArn: keyArn ?? config.existing.keyArn ?? `arn:${partition}:kms:${region}:${account}:key/__KEY_ID__`,
  });
}

function statsig(
  target: 'statsig-role' | 'statsig-user',
  config: Config,
  known: KnownNames,
  place: Place,
): readonly PrintedPolicy[] {
  const reader = findReader(config, known, 'statsig');
  const own = permissions(
    statsigPolicy(place, readerWorkgroup(place, reader ?? { name: 'statsig' }), {
      statsigForwardsHere: reader?.statsigForwardsHere ?? false,
      keyAdministrator: reader?.keyAdministrator ?? false,
    }),
  );
  if (target === 'statsig-user') return [own];
  const principal = known.principal ?? reader?.principal ?? '__STATSIG_ACCOUNT_ID__';
  const externalId =
    known.externalId ?? (reader === undefined ? '__ROLE_EXTERNAL_ID__' : externalIdOrPlaceholder(reader));
  return [own, trust(readerTrust(place, { kind: 'statsig', externalId }, principal))];
}

/** None only where the configuration says that none is asked for. */
function externalIdOrPlaceholder({ externalId, allowNoExternalId }: StatsigReader): string | undefined {
  return externalId ?? (allowNoExternalId ? undefined : '__ROLE_EXTERNAL_ID__');
}

function findReader<Kind extends Reader['kind']>(
  { readers }: Config,
  known: KnownNames,
  kind: Kind,
): Extract<Reader, { kind: Kind }> | undefined {
  const isOfKind = (reader: Reader): reader is Extract<Reader, { kind: Kind }> => reader.kind === kind;
  return readers.filter(isOfKind).find(({ name }) => known.reader === undefined || name === known.reader);
}

function customerBucketGrant({ partition, region }: Place, known: KnownNames, principal: string) {
  return {
    partition,
    region,
    bucket: known.bucket ?? '__S3_BUCKET__',
    principal: known.principal ?? principal,
    keyArn: known.keyArn,
  };
}

function bothSidesPolicies({
  bucketPolicy,
  keyPolicy,
  callerPolicy,
}: CustomerBucketPolicies): readonly PrintedPolicy[] {
  return [
    {
      name: 'bucketPolicy',
      purpose: "Add its statements to the bucket's policy.",
      document: bucketPolicy,
    },
    ...(keyPolicy === undefined
      ? []
      : [
          {
            name: 'keyPolicy',
            purpose: "Add its statement to the policy of the bucket's key.",
            document: keyPolicy,
          },
        ]),
    {
      name: 'callerPolicy',
      purpose: 'What the principal itself needs, if it is in another account than the bucket.',
      document: callerPolicy,
    },
  ];
}

function deploy(config: Config, { stack }: KnownNames, place: Place): readonly PrintedPolicy[] {
  const documents = deployPolicies(place, deployedNames(config, stack));
  return [
    {
      name: 'stackPermissions',
      purpose:
        'Attach each to the role or user that deploys: this is for the stack, functions, roles and alarms,',
      document: documents.stack,
    },
    { name: 'dataPermissions', purpose: 'this for what holds and moves data,', document: documents.data },
    ...(documents.readers === undefined
      ? []
      : [
          {
            name: 'readersPermissions',
            purpose: 'and this for what readers come in as.',
            document: documents.readers,
          },
        ]),
  ];
}

/** What the stack of a configuration makes. */
function deployedNames(config: Config, stack: string): DeployedNames {
  const { existing, readers, athena } = config;
  const ofReaders = <T>(name: (reader: Reader) => T | null) =>
    readers.map(name).filter((one) => one !== null);
  return {
    stack,
    buckets: [
      ...(existing.bucket ? [] : [config.bucket]),
      ...ofReaders((reader) => (reader.kind === 'owox' ? reader.resultsBucket : null)),
    ],
    databases: [
      ...(existing.database ? [] : [config.database]),
      ...(existing.stagingDatabase ? [] : [athena.stagingDatabase]),
      ...ofReaders((reader) => (reader.kind === 'statsig' ? null : reader.ownDatabase)),
    ],
    tables: existing.database
      ? [
          ...Object.values(deliveredTables(config)).map(({ name }) => name),
          ...ingestedTables(config).map(({ name }) => name),
          GROUPS_TABLE,
          ...viewNames,
        ]
      : ['*'],
    workgroups: [
      ...(existing.workgroup ? [] : [athena.workgroup]),
      ...ofReaders((reader) => (reader.kind === 'owox' ? null : readerWorkgroup(athena, reader).workgroup)),
    ],
    key: existing.keyArn === null,
    readers: readers.length > 0,
  };
}

function permissions(document: PolicyDocument): PrintedPolicy {
  return {
    name: 'permissions',
    purpose: 'Make a managed policy of it and attach it to the role or user.',
    document,
  };
}

function trust(document: PolicyDocument): PrintedPolicy {
  return { name: 'trust', purpose: 'The trust policy of the role.', document };
}
