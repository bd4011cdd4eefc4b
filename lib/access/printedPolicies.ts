import { defineErrorFamily } from '../base/errors.ts';
import type { Config } from '../schema/config.ts';
import type { Export } from '../schema/exports.ts';
import { isRole, namedIdentity, type Reader } from '../schema/readers.ts';
import { receiptFolder, type Source } from '../schema/sources.ts';
import { exportFolder } from '../tables/exportKeys.ts';
import {
  ACCOUNT_PLACEHOLDER,
  arnIn,
  iamArn,
  type PolicyScope,
  policyScope,
  roleNamePattern,
} from './arns.ts';
import {
  type CustomerBucketGrant,
  type CustomerBucketPolicies,
  exportTargetPolicies,
  ingestSourcePolicies,
} from './buckets/customerBucketPolicies.ts';
import { statsigBucketPolicy } from './buckets/statsigBucketPolicy.ts';
import { deployPolicies } from './deployPolicy.ts';
import { analystPolicy } from './operators/analystPolicy.ts';
import { erasePolicy } from './operators/erasePolicy.ts';
import { trialPolicies } from './operators/trialPolicy.ts';
import { type PolicyDocument, policyDocument } from './policyDocument.ts';
import { type NamedPolicy, readerPermissions } from './readerPermissions.ts';
import { readerTrust } from './readerTrust.ts';
import { listedFolders } from './sessionPolicies.ts';
import { keyAdministrators } from './statsigPolicy.ts';
import { trustPolicy } from './trustPolicy.ts';

/** For whom policies are printed. */
export const POLICY_TARGETS = [
  'statsig',
  'owox',
  'metabase',
  'ingest-source',
  'export-target',
  'statsig-bucket',
  'deploy',
  'trial',
  'analyst',
  'erase',
] as const;

/** One of {@link POLICY_TARGETS}. */
export type PolicyTarget = (typeof POLICY_TARGETS)[number];

/** One document, and what to do with it. */
export interface PrintedPolicy {
  /** `permissions`, `trust`, `bucketPolicy`, … */
  readonly name: string;
  /** A sentence that says where the document is applied. */
  readonly purpose: string;
  /** The policy as IAM, S3 or KMS takes it. */
  readonly document: PolicyDocument;
  /** Whether a managed policy is made of it, whose length IAM limits. False for policies of buckets, keys and trust. */
  readonly isManaged: boolean;
}

/** What stands for names that neither the configuration nor the caller knows, until a person replaces it. */
export const PLACEHOLDERS = {
  account: ACCOUNT_PLACEHOLDER,
  keyId: '__KEY_ID__',
  readerRole: '__READER_ROLE_ARN__',
  readerUser: '__READER_USER_ARN__',
} as const;

/** Errors of printed policies. */
export const PolicyError = defineErrorFamily('user', {
  SLUICE_POLICY_NOT_CONFIGURED: {
    cause: 'The configuration has nothing of the name or kind that the policies are for.',
    cure: 'Add it to `readers`, `sources`, `exports` or `statsigBucket` of the configuration. It need not be deployed.',
  },
  SLUICE_POLICY_NO_STAGE: {
    cause:
      "Policies of a customer's bucket were asked for without a deployment. They would allow the local cloud's account, which is none of AWS.",
    cure: 'Name the deployment that reads or writes the bucket: `--stage NAME`. For the local cloud use `--local`.',
  },
  SLUICE_POLICY_TOO_LONG: {
    cause: 'With the names of this configuration a policy is longer than IAM accepts in one managed policy.',
    cure: 'Shorten the names that it repeats (database, bucket, workgroup, readers), or have fewer readers with an `ownDatabase`.',
  },
});

/**
 * Names that the configuration does not know. An unknown account or key becomes a placeholder such as `__ACCOUNT_ID__`.
 */
interface KnownNames {
  /** The deployment's region. */
  readonly region: string;
  /** Name of the stack: `sluice-prod`. */
  readonly stack: string;
  /** The deployment's account. Default: a placeholder. */
  readonly account?: string | undefined;
  /** ARN of the bucket's key. */
  readonly keyArn?: string | undefined;
  /** The name of the reader, source or export. Default: the first of the kind. */
  readonly name?: string | undefined;
}

/**
 * The documents for a target, with the names of the configuration.
 *
 * @throws PolicyError SLUICE_POLICY_NOT_CONFIGURED.
 */
export function printedPolicies(
  target: PolicyTarget,
  config: Config,
  known: KnownNames,
): readonly PrintedPolicy[] {
  const scope = knownScope(config, known);
  const configured = <One extends { readonly name: string }>(all: readonly One[]): One => {
    const found = all.find(({ name }) => known.name === undefined || name === known.name);
    if (found === undefined)
      throw new PolicyError('SLUICE_POLICY_NOT_CONFIGURED', `${target} ${known.name ?? ''}`.trim());
    return found;
  };
  switch (target) {
    case 'statsig':
    case 'owox':
    case 'metabase':
      return ofReader(config, scope, configured(config.readers.filter(({ kind }) => kind === target)));
    case 'ingest-source':
      return ofSource(scope, known.stack, configured(config.sources));
    case 'export-target':
      return ofExport(scope, known.stack, configured(config.exports));
    case 'statsig-bucket': {
      const bucket = config.statsigBucket;
      if (bucket === null) throw new PolicyError('SLUICE_POLICY_NOT_CONFIGURED', `${target}.`);
      const purpose = bucket.existing
        ? "Add its statements to the bucket's policy."
        : "The stack has them in the bucket's policy.";
      const document = statsigBucketPolicy(scope, bucket);
      return [{ name: 'bucketPolicy', purpose, document, isManaged: false }];
    }
    case 'deploy':
      return Object.entries(deployPolicies(scope, config, known.stack)).map(([part, document]) => ({
        name: `${part}Permissions`,
        purpose: 'Attach each to the role that CloudFormation takes, or to whoever deploys.',
        document,
        isManaged: true,
      }));
    case 'trial': {
      const { boundaryArn, boundary, policy } = trialPolicies(scope, config);
      const purpose = `The least that ${boundaryArn} allows: make this managed policy, and set permissionsBoundary to it in the configuration.`;
      return [
        { name: 'boundary', purpose, document: boundary, isManaged: true },
        { ...permissions(policy), name: 'policy' },
      ];
    }
    case 'analyst':
      return [permissions(analystPolicy(scope))];
    case 'erase':
      return [permissions(erasePolicy(scope, config, known.stack))];
  }
}

/** Names and ARNs that policies contain, with a placeholder for an account that is not known. */
function knownScope(
  config: Config,
  { region, account = ACCOUNT_PLACEHOLDER, keyArn }: KnownNames,
): PolicyScope {
  // All regions that the stack can be in belong to the partition `aws`: lib/schema/regions.ts.
  const partition = 'aws';
  return policyScope(config, {
    partition,
    account,
    region,
    keyArn:
      config.encryption === 's3'
        ? null
        : (keyArn ??
          config.existing.keyArn ??
          arnIn({ partition, region, account }, 'kms', `key/${PLACEHOLDERS.keyId}`)),
  });
}

/** Names of the documents of a reader's permissions. */
const READER_DOCUMENTS: Readonly<Record<NamedPolicy['name'], string>> = {
  read: 'permissions',
  write: 'writePermissions',
  also: 'alsoPermissions',
};

/** The policies that the stack gives a reader. The policy of an existing key is changed by hand. */
function ofReader({ existing }: Config, scope: PolicyScope, reader: Reader): readonly PrintedPolicy[] {
  const names = reader.alsoReads.map(({ database, tables }) =>
    tables === undefined ? `all of ${database}` : tables.map((table) => `${database}.${table}`).join(', '),
  );
  const also = `Attach it as well. It adds what \`alsoReads\` names, ${names.join(', ')}, and nothing else.`;
  const identity = namedIdentity(reader);
  const unknown = isRole(reader) ? PLACEHOLDERS.readerRole : PLACEHOLDERS.readerUser;
  const administers = reader.kind === 'statsig' && reader.keyAdministrator && existing.keyArn !== null;
  return [
    ...readerPermissions(scope, reader).map(({ name, document }) => ({
      ...permissions(document),
      name: READER_DOCUMENTS[name],
      ...(name === 'also' ? { purpose: also } : {}),
    })),
    ...(isRole(reader) ? [trust(readerTrust(scope, reader))] : []),
    ...(administers
      ? [
          {
            name: 'keyPolicy',
            purpose: `Add its statement to the policy of the key ${existing.keyArn}: keyAdministrator.`,
            document: policyDocument(
              keyAdministrators([identity === undefined ? unknown : iamArn(scope, identity)]),
            ),
            isManaged: false,
          },
        ]
      : []),
  ];
}

/** The policies for the bucket of a source. */
function ofSource(scope: PolicyScope, stack: string, source: Source): readonly PrintedPolicy[] {
  const grant = customerBucketGrant(scope, stack, source, ['IngestPlanRole', 'IngestLoadRole']);
  const policies = ingestSourcePolicies({
    ...grant,
    folders: source.datasets.map(({ folder }) => `${folder}/`),
    listed: source.datasets.flatMap(({ folder }) => listedFolders(folder)),
    receiptFolder: receiptFolder(source) ?? undefined,
  });
  return customerPolicies(policies, grant.roles, scope, source.role);
}

/** The policies for the bucket that a table is exported to. */
function ofExport(scope: PolicyScope, stack: string, exported: Export): readonly PrintedPolicy[] {
  const { role } = exported.target;
  const grant = customerBucketGrant(scope, stack, exported.target, ['ExportRole']);
  const folders = [exportFolder(exported)];
  const policies = exportTargetPolicies({ ...grant, folders, byOwnersRole: role !== undefined });
  return customerPolicies(policies, grant.roles, scope, role);
}

/** A configured source or target. */
type Customer = Pick<Source | Export['target'], 'bucket' | 'region' | 'kmsKeyArn'>;

/**
 * A grant for a customer who lets in these roles of the account. As the roles may not exist yet, the principal is the
 * account's root, and a condition names the roles.
 */
function customerBucketGrant(
  scope: PolicyScope,
  stack: string,
  customer: Customer,
  roles: readonly string[],
): CustomerBucketGrant & { readonly roles: readonly string[] } {
  return {
    partition: scope.partition,
    bucket: customer.bucket,
    principal: iamArn(scope, 'root'),
    roles: roles.map((id) => iamArn(scope, `role/${roleNamePattern(stack, id)}`)),
    keyArn: customer.kmsKeyArn,
  };
}

/**
 * The documents for a customer, and what each side does with them.
 *
 * @param role Role in the customer's account that Sluice assumes. Then the bucket's own policy allows nobody else.
 */
function customerPolicies(
  { bucketPolicy, keyPolicy, callerPolicy }: CustomerBucketPolicies,
  roles: readonly string[],
  scope: PolicyScope,
  role: Source['role'],
): readonly PrintedPolicy[] {
  if (role !== undefined) {
    return [
      {
        name: 'rolePermissions',
        purpose: `Give it to the role ${role.arn}, which Sluice assumes.`,
        document: callerPolicy,
        isManaged: true,
      },
      {
        name: 'roleTrust',
        purpose: 'The trust policy of that role.',
        document: trustPolicy({ aws: iamArn(scope, 'root'), externalId: role.externalId, roles }),
        isManaged: false,
      },
    ];
  }
  return [
    {
      name: 'bucketPolicy',
      purpose: "Add its statements to the bucket's policy.",
      document: bucketPolicy,
      isManaged: false,
    },
    ...(keyPolicy === undefined
      ? []
      : [
          {
            name: 'keyPolicy',
            purpose: "Add its statement to the policy of the bucket's key.",
            document: keyPolicy,
            isManaged: false,
          },
        ]),
    {
      name: 'callerPolicy',
      purpose: 'For information: what the roles of the stack have for it. Nobody has to apply it.',
      document: callerPolicy,
      isManaged: true,
    },
  ];
}

/** A policy that is attached. */
function permissions(document: PolicyDocument): PrintedPolicy {
  return {
    name: 'permissions',
    purpose: 'Make a managed policy of it and attach it to the role or user.',
    document,
    isManaged: true,
  };
}

/** A policy that says who assumes a role. */
function trust(document: PolicyDocument): PrintedPolicy {
  return { name: 'trust', purpose: 'The trust policy of the role.', document, isManaged: false };
}
