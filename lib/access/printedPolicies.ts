import { defineErrorFamily } from '../base/errors.ts';
import type { Config } from '../schema/config.ts';
import type { Export } from '../schema/exports.ts';
import { isRoot } from '../schema/formats.ts';
import type { MetabaseReader, Reader, StatsigReader } from '../schema/readers.ts';
import { receiptFolder, type Source, usesAthena } from '../schema/sources.ts';
import { exportFolder } from '../tables/exportKeys.ts';
import { alsoReadsPolicy } from './alsoReads.ts';
import { iamArn, type PolicyScope, policyScope, roleNamePattern } from './arns.ts';
import {
  type CustomerBucketGrant,
  type CustomerBucketPolicies,
  exportTargetPolicies,
  ingestSourcePolicies,
} from './buckets/customerBucketPolicies.ts';
import { statsigBucketPolicy } from './buckets/statsigBucketPolicy.ts';
import { deployPolicies } from './deployPolicy.ts';
import { metabasePolicy, metabaseWritePolicy } from './metabasePolicy.ts';
import { erasePolicy } from './operators/erasePolicy.ts';
import { probePolicy } from './operators/probePolicy.ts';
import { type OwoxAccess, owoxPolicy } from './owoxPolicy.ts';
import { type PolicyDocument, policyDocument } from './policyDocument.ts';
import { readerWorkgroup } from './readerStatements.ts';
import { readerTrust, trustPolicy } from './readerTrust.ts';
import { listedFolders } from './sessionPolicies.ts';
import { keyAdministrators, statsigPolicy } from './statsigPolicy.ts';

/** For whom policies are printed. */
export const POLICY_TARGETS = [
  'statsig-role',
  'statsig-user',
  'owox',
  'metabase',
  'metabase-write',
  'ingest-source',
  'export-target',
  'statsig-bucket',
  'deploy',
  'probe',
  'erase',
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

/** Errors of printed policies. */
export const PolicyError = defineErrorFamily('user', {
  SLUICE_POLICY_TOO_LONG: {
    cause: 'With the names of this configuration a policy is longer than IAM accepts in one managed policy.',
    cure: 'Shorten the names that it repeats (database, bucket, workgroup, readers), or have fewer readers with an `ownDatabase`.',
  },
});

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
  /** The customer's bucket, or the bucket of OWOX's results. */
  readonly bucket?: string | undefined;
  /** Which configured reader, by name; by default the first of its kind. */
  readonly reader?: string | undefined;
  /** `ingest-source`: which configured source, by name; its bucket, key and role are then known. Default none. */
  readonly source?: string | undefined;
  /** `export-target`: which configured export, likewise. Default none. */
  readonly export?: string | undefined;
}

/** The documents for a target, with the names of the configuration. */
export function printedPolicies(
  target: PolicyTarget,
  config: Config,
  known: KnownNames,
): readonly PrintedPolicy[] {
  const scope = knownScope(config, known);
  switch (target) {
    case 'statsig-role':
    case 'statsig-user':
      return statsig(target, config, known, scope);
    case 'owox': {
      const reader = findReader(config, known, 'owox');
      const names: OwoxAccess = {
        resultsBucket: known.bucket ?? reader?.resultsBucket ?? '__RESULTS_BUCKET__',
        ownDatabase: reader?.ownDatabase ?? 'owox',
        resultsKeyArn: reader?.resultsKeyArn,
      };
      return [permissions(owoxPolicy(scope, names)), ...alsoPermissions(scope, reader)];
    }
    case 'metabase': {
      const reader = findReader(config, known, target);
      const principal = known.principal ?? reader?.principal;
      return [
        permissions(metabasePolicy(scope, readerWorkgroup(scope, reader ?? { name: target }))),
        ...alsoPermissions(scope, reader),
        ...(principal === undefined
          ? []
          : [
              trust(
                readerTrust(
                  scope,
                  { kind: target, externalId: assumedExternalId(principal, known, reader) },
                  principal,
                ),
              ),
            ]),
      ];
    }
    case 'metabase-write': {
      const reader = findReader(config, known, 'metabase');
      const ownDatabase = reader?.ownDatabase ?? 'metabase';
      const own = readerWorkgroup(scope, { ...(reader ?? { name: 'metabase' }), ownDatabase });
      return [
        permissions(metabasePolicy(scope, own)),
        ...alsoPermissions(scope, reader),
        {
          name: 'writePermissions',
          purpose: 'Attach it to the same user or role, if Metabase is to make tables.',
          document: metabaseWritePolicy(scope, ownDatabase),
        },
      ];
    }
    case 'ingest-source': {
      const source = config.sources.find(({ name }) => name === known.source);
      const grant = customerBucketGrant(scope, known, source, INGEST_ROLES);
      const policies = ingestSourcePolicies({
        ...grant,
        ...(source === undefined
          ? {}
          : {
              folders: source.datasets.map(({ folder }) => `${folder}/`),
              listed: source.datasets.flatMap(({ folder }) => listedFolders(folder)),
              receiptFolder: receiptFolder(source),
              byAthena: usesAthena({ sources: [source], region: config.region }),
            }),
      });
      return customerPolicies(policies, grant, source?.role);
    }
    case 'export-target': {
      const exported = config.exports.find(({ name }) => name === known.export);
      const of = exported?.target;
      const grant = customerBucketGrant(scope, known, of, EXPORT_ROLES);
      const policies = exportTargetPolicies({
        ...grant,
        ...(exported === undefined
          ? {}
          : { folders: [exportFolder(exported)], byOwnersRole: of?.role !== undefined }),
      });
      return customerPolicies(policies, grant, of?.role);
    }
    case 'statsig-bucket': {
      const { bucket, user, writesTo } = config.statsigBucket ?? {
        ...{ bucket: '__S3_BUCKET__', user: '__STATSIG_USER_ARN__', writesTo: null },
      };
      const named = { bucket: known.bucket ?? bucket, user: known.principal ?? user, writesTo };
      return [
        {
          name: 'bucketPolicy',
          purpose:
            config.statsigBucket === null || config.statsigBucket.existing
              ? "Add its statements to the bucket's policy."
              : "The stack has them in the bucket's policy.",
          document: statsigBucketPolicy(scope, named),
        },
      ];
    }
    case 'deploy':
      return deploy(config, known, scope);
    case 'probe':
      return [permissions(probePolicy(scope, config, known.stack))];
    case 'erase':
      return [permissions(erasePolicy(scope, config, known.stack))];
  }
}

function knownScope(config: Config, { region, account = '__ACCOUNT_ID__', keyArn }: KnownNames): PolicyScope {
  // Of the partition `aws` are all regions that the stack can be in: lib/schema/regions.ts.
  const partition = 'aws';
  return policyScope(config, {
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
  scope: PolicyScope,
): readonly PrintedPolicy[] {
  const reader = findReader(config, known, 'statsig');
  const own = permissions(
    statsigPolicy(scope, readerWorkgroup(scope, reader ?? { name: 'statsig' }), {
      statsigForwardsHere: reader?.statsigForwardsHere ?? false,
      keyAdministrator: reader?.keyAdministrator ?? false,
    }),
  );
  const more = [...alsoPermissions(scope, reader), ...keyPolicy(target, config, reader)];
  if (target === 'statsig-user') return [own, ...more];
  const principal = known.principal ?? reader?.principal ?? '__STATSIG_ACCOUNT_ID__';
  const externalId = reader === undefined ? '__ROLE_EXTERNAL_ID__' : externalIdOrPlaceholder(reader);
  return [own, trust(readerTrust(scope, { kind: 'statsig', externalId }, principal)), ...more];
}

/** The separate document that `alsoReads` adds to the narrow policy of a reader. */
function alsoPermissions(scope: PolicyScope, reader: Reader | undefined): PrintedPolicy[] {
  const document = reader === undefined ? undefined : alsoReadsPolicy(scope, reader);
  if (reader === undefined || document === undefined) return [];
  const names = reader.alsoReads.map(({ database, tables }) =>
    tables === undefined ? `all of ${database}` : tables.map((table) => `${database}.${table}`).join(', '),
  );
  return [
    {
      name: 'alsoPermissions',
      purpose: `Attach it as well. It adds what \`alsoReads\` names, ${names.join(', ')}, and nothing else.`,
      document,
    },
  ];
}

/** The stack changes the policy of its own key. The policy of an existing key is changed by hand. */
function keyPolicy(
  target: 'statsig-role' | 'statsig-user',
  { existing }: Config,
  reader: StatsigReader | undefined,
): PrintedPolicy[] {
  if (existing.keyArn === null || reader?.keyAdministrator !== true) return [];
  const identity = target === 'statsig-role' ? '__READER_ROLE_ARN__' : '__READER_USER_ARN__';
  return [
    {
      name: 'keyPolicy',
      purpose: `Add its statement to the policy of the key ${existing.keyArn}: keyAdministrator.`,
      document: policyDocument(keyAdministrators([identity])),
    },
  ];
}

/** None only where the configuration says that none is asked for. */
function externalIdOrPlaceholder({ externalId, allowNoExternalId }: StatsigReader): string | undefined {
  return externalId ?? (allowNoExternalId ? undefined : '__ROLE_EXTERNAL_ID__');
}

/** A root is trusted with an external ID, unless the configuration says that it needs none. */
function assumedExternalId(
  principal: string,
  known: KnownNames,
  reader: MetabaseReader | undefined,
): string | undefined {
  const given = known.principal === undefined ? reader?.externalId : undefined;
  const needsNone =
    !isRoot(principal) || (known.principal === undefined && reader?.allowNoExternalId === true);
  return given ?? (needsNone ? undefined : '__ROLE_EXTERNAL_ID__');
}

function findReader<Kind extends Reader['kind']>(
  { readers }: Config,
  known: KnownNames,
  kind: Kind,
): Extract<Reader, { kind: Kind }> | undefined {
  const isOfKind = (reader: Reader): reader is Extract<Reader, { kind: Kind }> => reader.kind === kind;
  return readers.filter(isOfKind).find(({ name }) => known.reader === undefined || name === known.reader);
}

/** A configured source or target. */
type Customer = Pick<Source | Export['target'], 'bucket' | 'region' | 'kmsKeyArn' | 'role'>;

/** Logical IDs of the roles that use customers' buckets, and what stands for one in the notation of placeholders. */
const INGEST_ROLES = {
  ids: ['IngestPlanRole', 'IngestLoadRole'],
  placeholder: '__INGEST_ROLE_ARN__',
} as const;
const EXPORT_ROLES = { ids: ['ExportRole'], placeholder: '__EXPORT_ROLE_ARN__' } as const;

/**
 * Without a principal, a configured customer lets in these roles of the account. As they may not exist yet, the principal is the
 * account's root, and a condition names them.
 *
 * @param of The configured source or target; options take precedence.
 */
function customerBucketGrant(
  scope: PolicyScope,
  known: KnownNames,
  of: Customer | undefined,
  { ids, placeholder }: typeof INGEST_ROLES | typeof EXPORT_ROLES,
) {
  const toRoles = of !== undefined && known.principal === undefined;
  return {
    partition: scope.partition,
    region: of?.region ?? scope.region,
    bucket: known.bucket ?? of?.bucket ?? '__S3_BUCKET__',
    principal: known.principal ?? (toRoles ? iamArn(scope, 'root') : placeholder),
    roles: toRoles ? ids.map((id) => iamArn(scope, `role/${roleNamePattern(known.stack, id)}`)) : undefined,
    keyArn: known.keyArn ?? of?.kmsKeyArn,
  };
}

/** @param role Role in the customer's account that Sluice assumes. Then the bucket's own policy allows nobody else. */
function customerPolicies(
  { bucketPolicy, keyPolicy, callerPolicy }: CustomerBucketPolicies,
  { principal, roles }: Pick<CustomerBucketGrant, 'principal' | 'roles'>,
  role: Source['role'],
): readonly PrintedPolicy[] {
  if (role !== undefined) {
    return [
      {
        name: 'rolePermissions',
        purpose: `Give it to the role ${role.arn}, which Sluice assumes.`,
        document: callerPolicy,
      },
      {
        name: 'roleTrust',
        purpose: 'The trust policy of that role.',
        document: trustPolicy({ aws: principal, externalId: role.externalId, roles }),
      },
    ];
  }
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
      purpose: 'Permissions that the principal itself needs, if it is in another account than the bucket.',
      document: callerPolicy,
    },
  ];
}

function deploy(config: Config, { stack }: KnownNames, scope: PolicyScope): readonly PrintedPolicy[] {
  const documents = deployPolicies(scope, config, stack);
  return [
    {
      name: 'stackPermissions',
      purpose:
        'Attach each to the role that CloudFormation takes, or to whoever deploys: this is for the stack, functions, API, logs, alarms and roles,',
      document: documents.stack,
    },
    { name: 'dataPermissions', purpose: 'this for what holds and moves data,', document: documents.data },
    {
      name: 'catalogPermissions',
      purpose: 'and this for databases, tables and workgroups.',
      document: documents.catalog,
    },
  ];
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
