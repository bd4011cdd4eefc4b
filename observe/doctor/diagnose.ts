import { targetCommands } from '../commands.ts';
import type { Deployment } from '../deployment.ts';
import type { Finding, Severity } from '../findings/catalogue.ts';
import { readStatus } from '../findings/status.ts';
import { deploymentOptions } from '../target.ts';
import { deployer, freeNames, quotas } from './account.ts';
import {
  bucket,
  bucketSettings,
  encryption,
  encryptionBefore,
  forwarding,
  key,
  stoppedErasures,
} from './bucket.ts';
import { database, names, partitions } from './catalog.ts';
import { type Look, settled, unreadFinding } from './Look.ts';
import { databaseCreators } from './lakeFormation.ts';
import { readers } from './readers.ts';
import { bucketPolicy, roles } from './roles.ts';
import { openClients, readSetup, type Setup } from './Setup.ts';
import { alarmTopic, domain, drift, formerStack, queues, stack } from './stack.ts';
import { boundary, template } from './template.ts';

const status: Look = {
  name: 'status',
  expects: '`sluice status` finds nothing: requests, streams, tables, partitions, drops, alarms',
  async find(setup) {
    const { problems, failures } = await readStatus(setup);
    // The doctor has looked at the key and at rules, and at the partitions of all days, but not at why they are missing.
    const known = [
      'SLUICE_FINDING_ARCHIVING',
      'SLUICE_FINDING_KEY_UNUSABLE',
      ...(failures['register'] === undefined ? ['SLUICE_FINDING_PARTITION_WRONG'] : []),
    ];
    return problems.filter(({ code }) => !known.includes(code));
  },
};

/** What `sluice doctor` looks at, in its order. */
export const looks: readonly Look[] = [
  stack,
  bucket,
  database,
  domain,
  encryption,
  bucketSettings,
  key,
  partitions,
  names,
  queues,
  stoppedErasures,
  forwarding,
  quotas,
  readers,
  bucketPolicy,
  roles,
  status,
];

/** What `sluice doctor --before-deploy` looks at: nothing of it needs a stack. */
const looksBeforeDeploy: readonly Look[] = [
  formerStack,
  alarmTopic,
  freeNames,
  encryptionBefore,
  deployer,
  databaseCreators,
  quotas,
  bucketPolicy,
  template,
  boundary,
];

/** The severity of the worst finding, or `fine`. */
export type Verdict = Severity | 'fine';

/** Something that was looked at, with what was found. */
export interface LookedAt {
  /** Name of the check. */
  readonly check: string;
  /** What holds without a finding. */
  readonly expects: string;
  /** The severity of the worst finding. */
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

/** What is looked at. */
export interface Depth {
  /** Only what can be looked at before a stack exists. Default false. */
  readonly beforeDeploy?: boolean;
  /** Also what CloudFormation finds changed, which takes minutes. Default false. */
  readonly drift?: boolean;
}

const EXPECTED_OF_ACCOUNT =
  'AWS accepts the credentials of the configured account, and the region has every service';

/** Findings after which the ground is gone. A stack that is unfinished still is there. */
const GONE = /^SLUICE_FINDING_(STACK_MISSING|RESOURCE_MISSING|BUCKET_UNFIT|REGION_UNFIT)$/;

/**
 * Looks at a deployment.
 *
 * @param onLook Called after each look.
 * @throws AwsAccessError when AWS can't be reached at all.
 */
export async function diagnose(
  deployment: Deployment,
  { beforeDeploy = false, drift: hasDrift = false }: Depth = {},
  onLook: (looked: LookedAt) => void = () => undefined,
): Promise<Diagnosis> {
  const wanted = beforeDeploy ? looksBeforeDeploy : [...looks, ...(hasDrift ? [drift] : [])];
  const checks: LookedAt[] = [];
  const target = deploymentOptions(deployment);
  const report = (check: string, expects: string, found: readonly Finding[]) => {
    const findings = placed(found, target);
    const looked = { check, expects, verdict: verdictOf(findings), findings };
    checks.push(looked);
    onLook(looked);
  };
  const clients = openClients(deployment.aws);
  try {
    const setup = await readSetup(deployment, clients).catch(unreadFinding);
    report('account', EXPECTED_OF_ACCOUNT, 'code' in setup ? [setup] : []);
    const skipped: string[] = [];
    let isGone = false;
    for (const { name, expects, isGround = false, find } of wanted) {
      if ('code' in setup || isGone) {
        skipped.push(name);
        continue;
      }
      const findings = await settled([find(setup)]);
      report(name, expects, findings);
      isGone = isGround && findings.some(({ code }) => GONE.test(code));
    }
    return { identity: 'code' in setup ? undefined : setup.identity, checks, skipped };
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

/** The verdict on findings. */
function verdictOf(findings: readonly Finding[]): Verdict {
  const worst: readonly Severity[] = ['problem', 'warning', 'unchecked'];
  return worst.find((severity) => findings.some((finding) => finding.severity === severity)) ?? 'fine';
}

/** Distinct findings, whose texts name the deployment in every command. Parts of a look may fail for the same reason. */
function placed(findings: readonly Finding[], target: readonly string[]): readonly Finding[] {
  const distinct = new Map(findings.map((finding) => [`${finding.code} ${finding.detail}`, finding]));
  return [...distinct.values()].map((finding) => ({
    ...finding,
    detail: targetCommands(finding.detail, target),
    cure: targetCommands(finding.cure, target),
  }));
}
