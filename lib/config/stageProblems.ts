import { locationParts, overlap } from '../base/s3Location.ts';
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
  const find = (among: readonly Claim[], { kind, name }: Claim) =>
    kind !== 'bucket' && isApart ? undefined : among.find((each) => each.kind === kind && each.name === name);
  const [own, theirs] = [claims(one.config), claims(other.config)];
  return [
    ...[...own, ...foreign(one.config)].flatMap((claimed) => {
      const taken = find(theirs, claimed);
      return taken === undefined ? [] : [sentence(claimed, one, taken, other)];
    }),
    ...foreign(other.config).flatMap((used) => {
      const claimed = find(own, used);
      return claimed === undefined ? [] : [sentence(claimed, one, used, other)];
    }),
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

function sentence({ kind, name, field }: Claim, one: StageConfig, taken: Claim, other: StageConfig): string {
  return `${field}: got ${JSON.stringify(name)} for the stage ${one.stage}, expected another ${kind} than \`${taken.field}\` of the stage ${other.stage}.`;
}

/** Names that the stack creates, or uses as existing, under a name of the configuration. */
function claims({ bucket, statsigBucket, database, athena, readers, endpoint }: Config): readonly Claim[] {
  return [
    ...claim('domain', endpoint.domain, 'endpoint.domain'),
    ...claim('bucket', bucket, 'bucket'),
    ...claim('bucket', statsigBucket?.bucket ?? null, 'statsigBucket.bucket'),
    ...claim('database', database, 'database'),
    ...claim('database', athena.stagingDatabase, 'athena.stagingDatabase'),
    ...claim('workgroup', athena.workgroup, 'athena.workgroup'),
    ...readers.flatMap((reader, i): Claim[] => [
      ...(reader.kind === 'owox' ? claim('bucket', reader.resultsBucket, `readers.${i}.resultsBucket`) : []),
      // lib/access/readerStatements.ts names it.
      ...(reader.kind !== 'owox' && reader.workgroup === undefined
        ? claim('workgroup', `${athena.workgroup}_${reader.name}`, `readers.${i}.name`)
        : []),
      ...claim('database', ownDatabaseOf(reader), `readers.${i}.ownDatabase`),
    ]),
  ];
}

/**
 * Names that are others' to a stage, and must not be another stage's own: customers' buckets, and databases and buckets that
 * readers also read, as that stage has readers of its own.
 */
function foreign({ sources, exports, readers }: Config): readonly Claim[] {
  return [
    ...sources.flatMap(({ bucket }, i) => claim('bucket', bucket, `sources.${i}.bucket`)),
    ...exports.flatMap(({ target }, i) => claim('bucket', target.bucket, `exports.${i}.target.bucket`)),
    ...readers.flatMap(({ alsoReads }, i) =>
      alsoReads.flatMap(({ database, locations }, j) => {
        const field = `readers.${i}.alsoReads.${j}`;
        return [
          ...claim('database', database, `${field}.database`),
          ...locations.flatMap((location, k) =>
            claim('bucket', locationParts(location).bucket, `${field}.locations.${k}`),
          ),
        ];
      }),
    ),
  ];
}

function claim(kind: Kind, name: string | null, field: string): Claim[] {
  return name === null ? [] : [{ kind, name, field }];
}

/** Folders that both write: what one exports the other would delete as old, and receipts of both would be taken for one's. */
function sharedTargets(one: StageConfig, other: StageConfig): string[] {
  const theirs = writtenFolders(other.config);
  return writtenFolders(one.config).flatMap((written) => {
    const { bucket, folder, field } = written;
    const shared = theirs.find((each) => overlap(each, written));
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
