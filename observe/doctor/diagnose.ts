import { targetCommands } from '../commands.ts';
import type { Deployment } from '../deployment.ts';
import type { Finding, FindingPart, Severity } from '../findings/catalogue.ts';
import { readStatus } from '../findings/status.ts';
import { deploymentOptions } from '../target.ts';
import { dataLake, deployer, freeNames, quotas } from './account.ts';
import { bucket, bucketSettings, forwarding, key, leftCopies } from './bucket.ts';
import { database, names, partitions, servedDays, tables, workgroups } from './catalog.ts';
import { type Look, settled, unreadFinding } from './Look.ts';
import { readers } from './readers.ts';
import { openClients, readSetup, type Setup } from './Setup.ts';
import { alarmTopic, domain, drift, formerStack, queues, stack } from './stack.ts';

/** What `sluice doctor` looks at beyond `sluice status`, in its order. */
export const looks: readonly Look[] = [
  ...[stack, bucket, database, domain, bucketSettings, key, tables, partitions, names, workgroups],
  ...[queues, leftCopies, forwarding, servedDays, quotas, readers],
];

/** What `sluice doctor --before-deploy` looks at: nothing of it needs a stack. */
const looksBeforeDeploy: readonly Look[] = [formerStack, alarmTopic, freeNames, dataLake, deployer, quotas];

/** The parts of `sluice status`, and what holds of each without a finding. */
export const statusParts: Readonly<Record<FindingPart, string>> = {
  collector: 'requests are accepted and stored, and nothing is in quarantine',
  streams: 'rows are delivered and written in time',
  partitions: 'the days of a week have partitions, and days are curated on time',
  drops: 'the drops of customers, and exports to them, arrive in time',
  deployment: 'no alarm is on, the alarms notify somebody, and all of it can be read',
};

/** The severity of the worst finding, or `fine`. */
export type Verdict = Severity | 'fine';

/** Something that was looked at, with what was found. */
export interface LookedAt {
  readonly check: string;
  /** What holds without a finding. */
  readonly expects: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
}

/** The answer of `sluice doctor`. */
export interface Diagnosis {
  /** Undefined if nothing could be looked at. */
  readonly identity: Setup['identity'] | undefined;
  readonly checks: readonly LookedAt[];
  /** What was not looked at, because something that it needs is missing. */
  readonly skipped: readonly string[];
}

/** What is looked at. */
interface Depth {
  readonly beforeDeploy?: boolean;
  readonly drift?: boolean;
}

const EXPECTED_OF_ACCOUNT =
  'AWS accepts the credentials of the configured account, and the region has every service';

/** Findings after which the ground is gone. A stack that is unfinished still is there. */
const GONE = /^SLUICE_FINDING_(STACK_MISSING|RESOURCE_MISSING|BUCKET_UNFIT|REGION_UNFIT)$/;

/**
 * Looks at a deployment beyond `sluice status`, and then at its status.
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
  const parts = beforeDeploy ? [] : Object.keys(statusParts);
  const checks: LookedAt[] = [];
  const target = deploymentOptions(deployment);
  const told = (check: string, expects: string, found: readonly Finding[]) => {
    const findings = placed(found, target);
    const looked = { check, expects, verdict: verdictOf(findings), findings };
    checks.push(looked);
    onLook(looked);
  };
  const clients = openClients(deployment.aws);
  try {
    const setup = await readSetup(deployment, clients).catch(unreadFinding);
    if ('code' in setup) {
      told('account', EXPECTED_OF_ACCOUNT, [setup]);
      return { identity: undefined, checks, skipped: [...wanted.map(({ name }) => name), ...parts] };
    }
    told('account', EXPECTED_OF_ACCOUNT, []);
    for (const [i, look] of wanted.entries()) {
      const findings = await settled([look.find(setup)]);
      told(look.name, look.expects, findings);
      if (look.isGround === true && findings.some(({ code }) => GONE.test(code))) {
        const skipped = [...wanted.slice(i + 1).map(({ name }) => name), ...parts];
        return { identity: setup.identity, checks, skipped };
      }
    }
    if (!beforeDeploy) {
      const { problems } = await readStatus(deployment);
      for (const [part, expects] of Object.entries(statusParts))
        told(
          part,
          expects,
          // The doctor has looked at the partitions of all days.
          problems.filter((one) => one.part === part && one.code !== 'SLUICE_FINDING_PARTITION_WRONG'),
        );
    }
    return { identity: setup.identity, checks, skipped: [] };
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

/** The verdict on findings. */
function verdictOf(findings: readonly Finding[]): Verdict {
  const worst: readonly Severity[] = ['problem', 'warning', 'unchecked'];
  return worst.find((severity) => findings.some((one) => one.severity === severity)) ?? 'fine';
}

/** Distinct findings, whose texts name the deployment in every command. Parts of a look may fail for the same reason. */
function placed(findings: readonly Finding[], target: readonly string[]): readonly Finding[] {
  const distinct = new Map(findings.map((one) => [`${one.code} ${one.detail}`, one]));
  return [...distinct.values()].map((one) => ({
    ...one,
    detail: targetCommands(one.detail, target),
    cure: targetCommands(one.cure, target),
  }));
}
