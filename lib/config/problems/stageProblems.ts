import { identityNamesPattern } from '../../access/arns.ts';
import { overlap } from '../../base/s3Location.ts';
import type { ConfigProblem } from '../../schema/ConfigProblem.ts';
import type { Config } from '../../schema/config.ts';
import { namedIdentity } from '../../schema/readers.ts';
import { exportFolder } from '../../tables/exportKeys.ts';
import { type CustomerFolder, receiptFolders } from './customerFolders.ts';

/** One stage that is deployed, with its configuration. */
export interface StageConfig {
  /** The name of the stage. */
  readonly stage: string;
  /** Its validated configuration. */
  readonly config: Config;
}

/**
 * What two stages would share although no deployment would refuse it. Each text names value and stages.
 * That is an existing bucket, a folder of a customer that both write, and, in one account, the patterns of
 * their names. Other names that are taken are refused by CloudFormation.
 */
export function stageProblems(stages: readonly StageConfig[]): ConfigProblem[] {
  return stages.flatMap((stage, i) => stages.slice(0, i).flatMap((other) => sharedBetween(stage, other)));
}

/** What two stages would share, as sentences. */
function sharedBetween(first: StageConfig, second: StageConfig): ConfigProblem[] {
  const { bucket } = first.config;
  return [
    ...(bucket === second.config.bucket
      ? [
          {
            field: 'bucket',
            text: `got ${JSON.stringify(bucket)} for the stage ${first.stage}, expected another bucket than that of the stage ${second.stage}.`,
          },
        ]
      : []),
    ...(hasOtherAccount(first, second)
      ? []
      : [...sharedNames(first, second), ...sharedIdentities(first, second)]),
    ...sharedTargets(first, second),
  ];
}

/**
 * Stacks whose names the pattern of another one covers: a printed policy for `sluice-prod-*`, the parts of `prod`, would
 * cover those of `prod-eu`, too, and one for `acme-experiments-eu-*`, roles of `eu-dev`, those of `eu-prod`. This holds
 * for all regions, because roles and users have none.
 */
function sharedNames(first: StageConfig, second: StageConfig): ConfigProblem[] {
  const [problem] = [
    { covered: first, by: second },
    { covered: second, by: first },
  ].flatMap(({ covered, by }) => {
    const pattern = identityNamesPattern(stackName(by));
    return `${stackName(covered)}-`.startsWith(pattern.slice(0, -1))
      ? [
          {
            field: 'stages',
            text: `got ${JSON.stringify(covered.stage)} beside ${by.stage}, expected another name, a shorter \`service\`, or different accounts in \`account\` of both: policies of the stage ${by.stage} are for \`${pattern}\`, which covers roles of ${covered.stage}, too.`,
          },
        ]
      : [];
  });
  return problem === undefined ? [] : [problem];
}

/** The name of a stage's stack: `sluice-prod`. */
function stackName({ config, stage }: StageConfig): string {
  return `${config.service}-${stage}`;
}

/** Names of readers' roles and users, which are unique in an account, in all of its regions. */
function sharedIdentities(first: StageConfig, second: StageConfig): ConfigProblem[] {
  const taken = second.config.readers.map((reader) => namedIdentity(reader)?.toLowerCase());
  return first.config.readers.flatMap((reader, i) => {
    const path = namedIdentity(reader);
    return path === undefined || !taken.includes(path.toLowerCase())
      ? []
      : [
          {
            field: `readers.${i}.iamName`,
            text: `got ${JSON.stringify(reader.iamName)} for the stage ${first.stage}, expected another name than in the stage ${second.stage}.`,
          },
        ];
  });
}

/** Whether two stages surely are in different accounts: both name theirs. */
function hasOtherAccount({ config: { account } }: StageConfig, { config: other }: StageConfig): boolean {
  return account !== null && other.account !== null && account !== other.account;
}

/**
 * Folders that both stages write: one would delete as old what the other exports, and receipts of both would be taken
 * for those of one.
 */
function sharedTargets(first: StageConfig, second: StageConfig): ConfigProblem[] {
  const ofSecond = writtenFolders(second.config);
  return writtenFolders(first.config).flatMap((written) => {
    const { bucket, folder, field } = written;
    const shared = ofSecond.find((folderOfSecond) => overlap(folderOfSecond, written));
    const wanted = JSON.stringify(`${bucket}/${folder}`);
    return shared === undefined
      ? []
      : [
          {
            field,
            text: `got ${wanted} for the stage ${first.stage}, expected a folder apart from \`${shared.field}\` of the stage ${second.stage}.`,
          },
        ];
  });
}

/** Folders in customers' buckets that a stage writes. */
function writtenFolders({ exports, sources }: Config): readonly CustomerFolder[] {
  return [
    ...exports.map((exported, i) => ({
      bucket: exported.target.bucket,
      folder: exportFolder(exported),
      field: `exports.${i}.target.folder`,
    })),
    ...receiptFolders(sources),
  ];
}
