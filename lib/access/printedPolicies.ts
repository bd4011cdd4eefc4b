import { loadWorkgroup, scratchDatabase } from '../drops/athena/AthenaPlan.ts';
import type { Config } from '../schema/config.ts';
import type { Export } from '../schema/exports.ts';
import { isRoot } from '../schema/formats.ts';
import type { MetabaseReader, OwoxReader, Reader, StatsigReader } from '../schema/readers.ts';
import { receiptFolder, type Source, usesAthena } from '../schema/sources.ts';
import { deliveredTables } from '../tables/deliveredTables.ts';
import { exportFolder } from '../tables/exportKeys.ts';
import { GROUPS_TABLE } from '../tables/groupsTable.ts';
import { ingestedTables } from '../tables/ingestedTables.ts';
import { viewNames } from '../views/views.ts';
import { markPolicy, POLICY_VERSIONS, type PolicyId, policyHash } from './applied/policyMark.ts';
import {
  type CustomerBucketGrant,
  type CustomerBucketPolicies,
  exportTargetPolicies,
  ingestSourcePolicies,
} from './customerBucketPolicies.ts';
import { type DeployedNames, deployPolicies } from './deployPolicy.ts';
import { metabasePolicy, metabaseWritePolicy } from './metabasePolicy.ts';
import { erasePolicy } from './operators/erasePolicy.ts';
import { probePolicy } from './operators/probePolicy.ts';
import { owoxPolicy } from './owoxPolicy.ts';
import { iamArn, identityNamesPattern, type Place, placeFor, roleNamePattern } from './place.ts';
import type { PolicyDocument } from './policyDocument.ts';
import { readerWorkgroup } from './readerStatements.ts';
import { readerTrust, trustPolicy } from './readerTrust.ts';
import { listedFolders } from './sessionPolicies.ts';
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
  'erase',
] as const;

/** Whom a policy is printed for. */
export type PolicyTarget = (typeof POLICY_TARGETS)[number];

/** One document, and what to do with it. */
interface NamedDocument {
  /** `permissions`, `trust`, `bucketPolicy`, … */
  readonly name: string;
  /** Where it is applied, a sentence. */
  readonly purpose: string;
  readonly document: PolicyDocument;
}

/** One document as it is printed: with a mark by which it is recognised later (./applied/policyMark.ts). */
export interface PrintedPolicy extends NamedDocument {
  /** `<target>/<document>`. */
  readonly id: PolicyId;
  /** Version of Sluice in which the document last changed. */
  readonly version: string;
  /**
   * 8 hex digits, of the document as the configuration alone makes it: the account, keys, principals and external IDs that
   * options give do not change it.
   */
  readonly hash: string;
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
  const configured = policyDocuments(target, config, configuredNames(target, config, known));
  return policyDocuments(target, config, known).map(({ name, purpose, document }) => {
    const id = policyId(target, name);
    const same = configured.find((one) => one.name === name)?.document ?? document;
    const mark = { id, version: POLICY_VERSIONS[id], hash: policyHash(same) };
    return { name, purpose, ...mark, document: markPolicy(document, mark) };
  });
}

function policyId(target: PolicyTarget, name: string): PolicyId {
  const id = `${target}/${name}`;
  if (!isPolicyId(id)) throw new Error(`${id} has no version.`);
  return id;
}

function isPolicyId(id: string): id is PolicyId {
  return Object.hasOwn(POLICY_VERSIONS, id);
}

/** Only the names that the configuration has; what else options give are placeholders, so that the same documents come out. */
function configuredNames(target: PolicyTarget, config: Config, known: KnownNames): KnownNames {
  const { stack, reader, source } = known;
  const ofCustomer = target === 'ingest-source' || target === 'export-target';
  // Of a reader, the option replaces a configured one, and services have documents of their own.
  const isService = known.principal === 'ec2' || known.principal === 'ecs-tasks';
  const hasPrincipal = target === 'metabase' && known.principal !== undefined;
  return {
    ...{ region: config.region, stack, reader, source, export: known.export },
    ...(hasPrincipal ? { principal: isService ? known.principal : '__PRINCIPAL__' } : {}),
    ...(ofCustomer && known.keyArn !== undefined
      ? { keyArn: `arn:aws:kms:${config.region}:__ACCOUNT_ID__:key/__KEY_ID__` }
      : {}),
  };
}

function policyDocuments(target: PolicyTarget, config: Config, known: KnownNames): readonly NamedDocument[] {
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
        ...(principal === undefined
          ? []
          : [
              trust(
                readerTrust(
                  place,
                  { kind: 'metabase', externalId: metabaseExternalId(principal, known, reader) },
                  principal,
                ),
              ),
            ]),
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
    case 'ingest-source': {
      const source = config.sources.find(({ name }) => name === known.source);
      const grant = customerBucketGrant(place, known, source, INGEST_ROLES);
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
      const grant = customerBucketGrant(place, known, of, EXPORT_ROLES);
      const policies = exportTargetPolicies({
        ...grant,
        ...(exported === undefined
          ? {}
          : { folders: [exportFolder(exported)], byOwnersRole: of?.role !== undefined }),
      });
      return customerPolicies(policies, grant, of?.role);
    }
    case 'deploy':
      return deploy(config, known, place);
    case 'probe':
      return [permissions(probePolicy(place, config, known.stack))];
    case 'erase':
      return [permissions(erasePolicy(place, config, known.stack))];
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
): readonly NamedDocument[] {
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

/** A root is trusted with an external ID, unless the configuration says that it needs none. */
function metabaseExternalId(
  principal: string,
  known: KnownNames,
  reader: MetabaseReader | undefined,
): string | undefined {
  const given = known.externalId ?? (known.principal === undefined ? reader?.externalId : undefined);
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
  place: Place,
  known: KnownNames,
  of: Customer | undefined,
  { ids, placeholder }: typeof INGEST_ROLES | typeof EXPORT_ROLES,
) {
  const toRoles = of !== undefined && known.principal === undefined;
  return {
    partition: place.partition,
    region: of?.region ?? place.region,
    bucket: known.bucket ?? of?.bucket ?? '__S3_BUCKET__',
    principal: known.principal ?? (toRoles ? iamArn(place, 'root') : placeholder),
    roles: toRoles ? ids.map((id) => iamArn(place, `role/${roleNamePattern(known.stack, id)}`)) : undefined,
    keyArn: known.keyArn ?? of?.kmsKeyArn,
  };
}

/** @param role Role in the customer's account that Sluice assumes. Then the bucket's own policy allows nobody else. */
function customerPolicies(
  { bucketPolicy, keyPolicy, callerPolicy }: CustomerBucketPolicies,
  { principal, roles }: Pick<CustomerBucketGrant, 'principal' | 'roles'>,
  role: Source['role'],
): readonly NamedDocument[] {
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
      purpose: 'What the principal itself needs, if it is in another account than the bucket.',
      document: callerPolicy,
    },
  ];
}

function deploy(config: Config, { stack }: KnownNames, place: Place): readonly NamedDocument[] {
  const documents = deployPolicies(place, deployedNames(config, stack));
  const named = (name: string, purpose: string, document: PolicyDocument | undefined): NamedDocument[] =>
    document === undefined ? [] : [{ name, purpose, document }];
  return [
    ...named(
      'stackPermissions',
      'Attach each to the role or user that deploys: this is for the stack, functions, API and roles,',
      documents.stack,
    ),
    ...named('monitoringPermissions', 'this for logs and alarms,', documents.monitoring),
    ...named('dataPermissions', 'this for what holds and moves data,', documents.data),
    ...named('catalogPermissions', 'this for databases, tables and workgroups.', documents.catalog),
    ...named('readersPermissions', 'And this for what readers come in as.', documents.readers),
    ...named(
      'platformPermissions',
      'And this for the domain, the permissions boundary or the key of logs.',
      documents.platform,
    ),
  ];
}

/** The longest logical ID of a role, readers' apart. */
const LONGEST_ROLE = 'QuarantineDeliveryRole';

/** What the stack of a configuration makes. */
function deployedNames(config: Config, stack: string): DeployedNames {
  const { existing, readers, athena } = config;
  const ofReaders = <T>(name: (reader: Reader) => T | null) =>
    readers.map(name).filter((one) => one !== null);
  return {
    stack,
    identities: identityNamesPattern(stack, [
      LONGEST_ROLE,
      ...readers.map(({ name }) => `Reader${name.replaceAll('-', '')}Role`),
    ]),
    buckets: [
      ...(existing.bucket ? [] : [config.bucket]),
      ...ofReaders((reader) => (reader.kind === 'owox' ? reader.resultsBucket : null)),
    ],
    databases: [
      ...(existing.database ? [] : [config.database]),
      ...(existing.stagingDatabase ? [] : [athena.stagingDatabase]),
      ...(usesAthena(config) ? [scratchDatabase(config)] : []),
      ...ofReaders((reader) => (reader.kind === 'statsig' ? null : reader.ownDatabase)),
    ],
    tables: existing.database
      ? [
          ...Object.values(deliveredTables(config)).map(({ name }) => name),
          ...ingestedTables(config).map(({ name }) => name),
          ...Object.values(config.curatedTables),
          GROUPS_TABLE,
          ...viewNames,
        ]
      : ['*'],
    workgroups: [
      ...(existing.workgroup ? [] : [athena.workgroup]),
      ...(usesAthena(config) ? [loadWorkgroup(config)] : []),
      ...ofReaders((reader) => (reader.kind === 'owox' ? null : readerWorkgroup(athena, reader).workgroup)),
    ],
    key: existing.keyArn === null,
    readers: readers.length > 0,
    accessLog: config.endpoint.accessLogDays !== null,
    domain: config.endpoint.domain,
    tagKeys: Object.keys(config.tags),
    permissionsBoundary: config.permissionsBoundary,
    encryptedLogs: config.logs.kmsKeyArn !== null,
  };
}

function permissions(document: PolicyDocument): NamedDocument {
  return {
    name: 'permissions',
    purpose: 'Make a managed policy of it and attach it to the role or user.',
    document,
  };
}

function trust(document: PolicyDocument): NamedDocument {
  return { name: 'trust', purpose: 'The trust policy of the role.', document };
}
