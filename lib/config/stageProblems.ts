import { overlap } from '../base/s3Location.ts';
import type { Config } from '../schema/config.ts';
import { exportFolder } from '../tables/exportKeys.ts';
import { receiptFolders } from './customerProblems.ts';

/** One stage that is deployed, with its configuration. */
export interface StageConfig {
  readonly stage: string;
  readonly config: Config;
}

/**
 * What two stages would share that no deployment refuses; one sentence each, with field, value and stages: an existing bucket, a
 * folder of a customer that both write, and in one account the beginning of their names. CloudFormation refuses other names
 * that are taken.
 */
export function stageProblems(stages: readonly StageConfig[]): string[] {
  return stages.flatMap((one, i) => stages.slice(0, i).flatMap((other) => sharedBetween(one, other)));
}

function sharedBetween(one: StageConfig, other: StageConfig): string[] {
  const { bucket } = one.config;
  return [
    ...(bucket === other.config.bucket
      ? [
          `bucket: got ${JSON.stringify(bucket)} for the stage ${one.stage}, expected another bucket than that of the stage ${other.stage}.`,
        ]
      : []),
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

/** Folders that both write: what one exports the other would delete as old, and receipts of both would be taken for one's. */
function sharedTargets(one: StageConfig, other: StageConfig): string[] {
  const theirs = writtenFolders(other.config);
  return writtenFolders(one.config).flatMap((written) => {
    const { bucket, folder, field } = written;
    const shared = theirs.find((each) => overlap(each, written));
    const wanted = JSON.stringify(`${bucket}/${folder}`);
    return shared === undefined
      ? []
      : [
          `${field}: got ${wanted} for the stage ${one.stage}, expected a folder apart from \`${shared.field}\` of the stage ${other.stage}.`,
        ];
  });
}

/** Folders in customers' buckets that a stage writes. */
function writtenFolders({ exports, sources }: Config) {
  return [
    ...exports.map((exported, i) => ({
      bucket: exported.target.bucket,
      folder: exportFolder(exported),
      field: `exports.${i}.target.folder`,
    })),
    ...receiptFolders(sources),
  ];
}
