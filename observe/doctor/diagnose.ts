import { targetCommands } from '../commands.ts';
import type { Deployment } from '../deployment.ts';
import { type Severity, severities } from '../findings/catalogue/entry.ts';
import { type Finding, type FindingCode, isFinding } from '../findings/catalogue.ts';
import type { Status } from '../findings/status.ts';
import { deploymentOptions } from '../target.ts';
import { deployerLook } from './account/deployer.ts';
import { freeNamesLook } from './account/freeNames.ts';
import { databaseCreatorsLook } from './account/lakeFormation.ts';
import { quotasLook } from './account/quotas.ts';
import { bucketBeforeLook, bucketLook } from './bucket/bucket.ts';
import { bucketSettingsLook } from './bucket/bucketSettings.ts';
import { encryptionBeforeLook, encryptionLook } from './bucket/encryption.ts';
import { forwardingLook } from './bucket/forwarding.ts';
import { broughtKeysLook, keyLook } from './bucket/key.ts';
import { openClients } from './clients.ts';
import { databaseLook, stagingDatabaseLook } from './databases.ts';
import { type Look, settled, unreadFinding } from './Look.ts';
import { namesLook } from './names.ts';
import { partitionsLook } from './partitions.ts';
import { readersLook } from './readers.ts';
import { bucketPolicyLook, isOfBucketPolicy, rolesLook } from './roles.ts';
import { readSetup, type Setup } from './Setup.ts';
import { domainLook } from './stack/domain.ts';
import { driftLook } from './stack/drift.ts';
import { queuesLook } from './stack/queues.ts';
import { alarmTopicLook, formerStackLook, stackLook } from './stack/stack.ts';
import { boundaryLook, templateLook } from './template.ts';

const statusLook: Look = {
  name: 'status',
  expects: '`sluice status` finds nothing: requests, streams, tables, partitions, drops, alarms',
  async find(setup) {
    const found = await setup.status();
    // The look at the stack tells of it, too, while a deployment runs.
    const problems = found.problems.filter(({ code }) => code !== 'SLUICE_FINDING_STACK_UNFINISHED');
    return unknownToOthers(problems, found);
  },
};

/** Codes of findings about the key and the bucket, which only one judge makes: the doctor's own looks ask it, too. */
const FOUND_BY_OTHERS: readonly FindingCode[] = [
  'SLUICE_FINDING_ARCHIVING',
  'SLUICE_FINDING_BUCKET_UNFIT',
  'SLUICE_FINDING_KEY_UNUSABLE',
];

/**
 * The findings of `sluice status` that no other look has made. The look `all-partitions` finds what the partitions of raw tables
 * show, but not why the registrar fails. It looks neither at curated tables nor at customers'.
 */
export function unknownToOthers(
  problems: readonly Finding[],
  { failures }: Pick<Status, 'failures'>,
): readonly Finding[] {
  return problems.filter((problem) => {
    const { code, judgedBy, lastSeenAt } = problem;
    // The look at the bucket's policy has it, whenever it was seen.
    if (isOfBucketPolicy(problem)) return false;
    // What cannot be looked at now no other look has found either.
    if (lastSeenAt !== undefined) return true;
    if (code === 'SLUICE_FINDING_PARTITION_WRONG' && judgedBy?.includes('the partitions') === true)
      return failures['register'] !== undefined;
    return !FOUND_BY_OTHERS.includes(code);
  });
}

/** What `sluice doctor` looks at, in its order. */
export const looks: readonly Look[] = [
  stackLook,
  bucketLook,
  databaseLook,
  stagingDatabaseLook,
  domainLook,
  encryptionLook,
  bucketSettingsLook,
  keyLook,
  partitionsLook,
  namesLook,
  queuesLook,
  forwardingLook,
  quotasLook,
  readersLook,
  bucketPolicyLook,
  rolesLook,
  statusLook,
];

/** What `sluice doctor --before-deploy` looks at: nothing of it needs a stack. */
const looksBeforeDeploy: readonly Look[] = [
  formerStackLook,
  alarmTopicLook,
  freeNamesLook,
  bucketBeforeLook,
  encryptionBeforeLook,
  broughtKeysLook,
  deployerLook,
  databaseCreatorsLook,
  quotasLook,
  bucketPolicyLook,
  templateLook,
  boundaryLook,
];

/** The severity of the worst finding of a look; `fine` if it has none. */
export type Verdict = Severity | 'fine';

/** Something that was looked at, with what was found. */
export interface LookedAt {
  /** Name of the check. */
  readonly check: string;
  /** What holds without a finding. */
  readonly expects: string;
  /** The severity of the worst finding; `fine` without any. */
  readonly verdict: Verdict;
  /** What was found; empty if all is as expected. */
  readonly findings: readonly Finding[];
}

/** The answer of `sluice doctor`. */
export interface Diagnosis {
  /** Whose credentials look; undefined if nothing could be looked at. */
  readonly identity: Setup['identity'] | undefined;
  /** What was looked at, in order. */
  readonly checks: readonly LookedAt[];
  /** Names of checks that were not made, because something that they need is missing. */
  readonly skipped: readonly string[];
}

/** Which looks are made. Without a member: those at a deployment, but not {@link Depth.drift}. */
interface Depth {
  /** Make only the looks that need no stack, instead of the others. Default false. */
  readonly beforeDeploy?: boolean;
  /** Have CloudFormation compare resources with the template, too, which takes minutes. Ignored before a deployment, which has no stack. Default false. */
  readonly drift?: boolean;
  /** `iam.deploymentRole` of serverless.yml, as it is written there. Default: what the stack was deployed with. */
  readonly deploymentRole?: string | undefined;
}

const EXPECTED_OF_ACCOUNT =
  'AWS accepts the credentials of the configured account, and the region has every service';

/**
 * Findings of a look with `isGround` after which the next looks have nothing to look at, or would compare the deployment with a
 * configuration that is not deployed. An unfinished stack is there, and is looked at.
 */
const GROUND_IS_GONE =
  /^SLUICE_FINDING_(STACK_MISSING|STACK_DIFFERS|RESOURCE_MISSING|BUCKET_UNFIT|REGION_UNFIT)$/;

/**
 * Looks at a deployment.
 *
 * @param onLook Called after each look.
 * @throws AwsAccessError when AWS can't be reached at all.
 */
export async function diagnose(
  deployment: Deployment,
  depth: Depth = {},
  onLook: (looked: LookedAt) => void = () => undefined,
): Promise<Diagnosis> {
  const wanted = looksOf(depth);
  const checks: LookedAt[] = [];
  const target = deploymentOptions(deployment);
  const report = (check: string, expects: string, found: readonly Finding[]) => {
    const findings = distinctFor(target, found);
    const looked = { check, expects, verdict: verdictOf(findings), findings };
    checks.push(looked);
    onLook(looked);
  };
  const clients = openClients(deployment.aws);
  try {
    const setup = await readSetup(deployment, clients, depth.deploymentRole).catch((error: unknown) =>
      unreadFinding('the account', error),
    );
    if (isFinding(setup)) {
      report('account', EXPECTED_OF_ACCOUNT, [setup]);
      return { identity: undefined, checks, skipped: wanted.map(({ name }) => name) };
    }
    report('account', EXPECTED_OF_ACCOUNT, []);
    const skipped: string[] = [];
    let isGone = false;
    for (const { name, expects, isGround = false, find } of wanted) {
      if (isGone) {
        skipped.push(name);
        continue;
      }
      const findings = await settled([[`the check ${name}`, find(setup)]]);
      report(name, expects, findings);
      isGone = isGround && findings.some(({ code }) => GROUND_IS_GONE.test(code));
    }
    return { identity: setup.identity, checks, skipped };
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

/** The looks that are asked for. */
function looksOf({ beforeDeploy = false, drift: includesDrift = false }: Depth): readonly Look[] {
  if (beforeDeploy) return looksBeforeDeploy;
  return includesDrift ? [...looks, driftLook] : looks;
}

/** The severity of the worst of the findings; `fine` without any. */
function verdictOf(findings: readonly Finding[]): Verdict {
  return severities.find((severity) => findings.some((found) => found.severity === severity)) ?? 'fine';
}

/**
 * The findings without repetitions, as parts of a look may fail for the same reason. Each command in their texts names the deployment.
 * One resource may be a finding twice, for two causes: a key that encrypts the bucket, and logs.
 */
export function distinctFor(target: readonly string[], findings: readonly Finding[]): readonly Finding[] {
  const distinct = new Map(
    findings.map((found) => [`${found.code} ${found.title} ${found.cause} ${found.detail}`, found]),
  );
  return [...distinct.values()].map((found) => ({
    ...found,
    detail: targetCommands(found.detail, target),
    cure: targetCommands(found.cure, target),
  }));
}
