import { locationParts } from '../base/s3Location.ts';
import type { Config } from '../schema/config.ts';
import { ownDatabaseOf } from '../schema/readers.ts';
import { exportFolder } from '../tables/exportKeys.ts';
import { receiptFolders } from './customerProblems.ts';

/** One stage that is deployed, with its configuration. */
export interface StageConfig {
  readonly stage: string;
  readonly config: Config;
  /** Where it may be deployed to: `region` of its configuration, and `--region` if that names another. */
  readonly regions: readonly string[];
}

type Kind = 'bucket' | 'database' | 'workgroup' | 'domain';

/** A name that one stage alone may use. */
interface Claim {
  readonly kind: Kind;
  readonly name: string;
  readonly field: string;
}

/**
 * Resources that two stages would both use under one name; one sentence each, with field, value and stages. In one account
 * no stage's name begins with another's and a hyphen, as all names of the other begin so.
 *
 * Bucket names are global. Databases and workgroups belong to an account and a region, so their names may be equal in
 * stages of different regions, or of different accounts if both state `account`. Two stages may read one customer's
 * folder, but may not write to one folder. A KMS key, an SNS topic and roles of customers may be shared.
 */
export function stageProblems(stages: readonly StageConfig[]): string[] {
  return stages.flatMap((one, i) => stages.slice(0, i).flatMap((other) => sharedBetween(one, other)));
}

function sharedBetween(one: StageConfig, other: StageConfig): string[] {
  const isApart =
    hasOtherAccount(one, other) || one.regions.every((region) => !other.regions.includes(region));
  const taken = claims(other.config);
  const shared = (kind: Kind, name: string) =>
    kind !== 'bucket' && isApart
      ? undefined
      : taken.find((claim) => claim.kind === kind && claim.name === name);
  const problems = [...claims(one.config), ...customerBuckets(one.config), ...alsoRead(one.config)].flatMap(
    ({ kind, name, field }) => {
      const claim = shared(kind, name);
      return claim === undefined ? [] : [sentence(field, name, one, kind, claim.field, other)];
    },
  );
  for (const { kind, name, field } of [...customerBuckets(other.config), ...alsoRead(other.config)]) {
    if (kind !== 'bucket' && isApart) continue;
    const claim = claims(one.config).find((own) => own.kind === kind && own.name === name);
    if (claim !== undefined) problems.push(sentence(claim.field, name, one, kind, field, other));
  }
  return [
    ...problems,
    ...(hasOtherAccount(one, other) ? [] : sharedNames(one, other)),
    ...sharedTargets(one, other),
  ];
}

/**
 * `prod-eu` beside `prod`: a printed policy for the parts of `prod`, `sluice-prod-*`, would cover those of `prod-eu` too. Roles
 * and users have no region.
 */
function sharedNames(one: StageConfig, other: StageConfig): string[] {
  return [
    { longer: one.stage, shorter: other.stage },
    { longer: other.stage, shorter: one.stage },
  ].flatMap(({ longer, shorter }) =>
    longer.startsWith(`${shorter}-`)
      ? [
          `stages: got ${JSON.stringify(longer)} beside ${shorter}, expected another name, or different accounts in \`account\` of both: names of the stage ${shorter} begin with \`${shorter}-\`, too.`,
        ]
      : [],
  );
}

function hasOtherAccount({ config: { account } }: StageConfig, { config: other }: StageConfig): boolean {
  return account !== null && other.account !== null && account !== other.account;
}

function sentence(
  field: string,
  value: string,
  one: StageConfig,
  kind: string,
  otherField: string,
  other: StageConfig,
): string {
  return `${field}: got ${JSON.stringify(value)} for the stage ${one.stage}, expected another ${kind} than \`${otherField}\` of the stage ${other.stage}.`;
}

/** Names that the stack creates, or uses as existing, under a name of the configuration. */
function claims({ bucket, statsigBucket, database, athena, readers, endpoint }: Config): readonly Claim[] {
  return [
    ...(endpoint.domain === null
      ? []
      : [{ kind: 'domain', name: endpoint.domain, field: 'endpoint.domain' } as const]),
    { kind: 'bucket', name: bucket, field: 'bucket' },
    ...(statsigBucket === null
      ? []
      : [{ kind: 'bucket', name: statsigBucket.bucket, field: 'statsigBucket.bucket' } as const]),
    { kind: 'database', name: database, field: 'database' },
    { kind: 'database', name: athena.stagingDatabase, field: 'athena.stagingDatabase' },
    { kind: 'workgroup', name: athena.workgroup, field: 'athena.workgroup' },
    ...readers.flatMap((reader, i): Claim[] => {
      const field = `readers.${i}`;
      const own = ownDatabaseOf(reader);
      return [
        ...(reader.kind === 'owox'
          ? [{ kind: 'bucket', name: reader.resultsBucket, field: `${field}.resultsBucket` } as const]
          : []),
        // lib/access/readerStatements.ts names it.
        ...(reader.kind !== 'owox' && reader.workgroup === undefined
          ? [
              {
                kind: 'workgroup',
                name: `${athena.workgroup}_${reader.name}`,
                field: `${field}.name`,
              } as const,
            ]
          : []),
        ...(own === null ? [] : [{ kind: 'database', name: own, field: `${field}.ownDatabase` } as const]),
      ];
    }),
  ];
}

/** Customers' buckets. A stage must not use one of them as its own bucket. */
function customerBuckets({ sources, exports }: Config): readonly Claim[] {
  return [
    ...sources.map(
      ({ bucket }, i) => ({ kind: 'bucket', name: bucket, field: `sources.${i}.bucket` }) as const,
    ),
    ...exports.map(
      ({ target }, i) =>
        ({ kind: 'bucket', name: target.bucket, field: `exports.${i}.target.bucket` }) as const,
    ),
  ];
}

/** Databases and buckets that readers also read. They must not be another stage's, which has readers of its own. */
function alsoRead({ readers }: Config): readonly Claim[] {
  return readers.flatMap(({ alsoReads }, i) =>
    alsoReads.flatMap(({ database, locations }, j): Claim[] => {
      const field = `readers.${i}.alsoReads.${j}`;
      return [
        { kind: 'database', name: database, field: `${field}.database` },
        ...locations.map(
          (location, k) =>
            ({
              kind: 'bucket',
              name: locationParts(location).bucket,
              field: `${field}.locations.${k}`,
            }) as const,
        ),
      ];
    }),
  );
}

/** Folders that both write: what one exports the other would delete as old, and receipts of both would be taken for one's. */
function sharedTargets(one: StageConfig, other: StageConfig): string[] {
  const theirs = writtenFolders(other.config);
  return writtenFolders(one.config).flatMap(({ bucket, folder, field }) => {
    const shared = theirs.find(
      (each) => each.bucket === bucket && (each.folder.startsWith(folder) || folder.startsWith(each.folder)),
    );
    return shared === undefined
      ? []
      : [
          `${field}: got ${JSON.stringify(`${bucket}/${folder}`)} for the stage ${one.stage}, expected a folder apart from \`${shared.field}\` of the stage ${other.stage}.`,
        ];
  });
}

/** Folders in customers' buckets that a stage writes. */
function writtenFolders({ exports, sources }: Config) {
  return [
    ...exports.map((exported, i) => ({
      ...{ bucket: exported.target.bucket, folder: exportFolder(exported) },
      field: `exports.${i}.target.folder`,
    })),
    ...receiptFolders(sources),
  ];
}
