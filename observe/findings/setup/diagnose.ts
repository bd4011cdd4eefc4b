import type { Stack } from '@aws-sdk/client-cloudformation';
import { targetCommands } from '../../commands.ts';
import { Unread } from '../../facts/askAws.ts';
import { type Identity, openSetup, type Setup, type SetupOptions } from '../../facts/setup/Setup.ts';
import { deploymentOptions } from '../../target.ts';
import type { Finding, FindingPart, Severity } from '../catalogue.ts';
import { readStatus } from '../status.ts';
import { dataLake, deployer, freeNames, readers } from './accessLooks.ts';
import {
  bucket,
  bucketSettings,
  database,
  forwarding,
  key,
  leftCopies,
  names,
  partitions,
  servedDays,
  tables,
  views,
  workgroups,
} from './dataLooks.ts';
import { type Ground, type Look, unreadFinding } from './Look.ts';
import { alarmTopic, domain, drift, formerStack, queues, quotas, stack, streams } from './stackLooks.ts';

/** What `sluice doctor` looks at beyond `sluice status`, in its order: what others need comes first. */
export const looks: readonly Look[] = [
  stack,
  domain,
  bucket,
  bucketSettings,
  key,
  database,
  tables,
  views,
  partitions,
  names,
  workgroups,
  streams,
  queues,
  leftCopies,
  forwarding,
  servedDays,
  quotas,
  readers,
];

/** What `sluice doctor --before-deploy` looks at: nothing of it needs a stack. */
const looksBeforeDeploy: readonly Look[] = [formerStack, alarmTopic, freeNames, dataLake, deployer, quotas];

/** What `sluice doctor --drift` looks at besides. */
const driftLook: Look = drift;

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
  /** Undefined without a stack, and if it could not be read. */
  readonly deployed: Stack | undefined;
  /** Undefined if nothing could be looked at. */
  readonly identity: Identity | undefined;
  readonly checks: readonly LookedAt[];
  /** What was not looked at, because something that it needs is missing. */
  readonly skipped: readonly string[];
}

/** What is looked at. */
export interface Depth {
  readonly beforeDeploy?: boolean;
  readonly drift?: boolean;
}

/**
 * Reads the facts of a deployment beyond `sluice status`, and judges them together with its own.
 *
 * @param onLook Called after each look.
 * @throws AwsAccessError when AWS can't be reached at all.
 */
export async function diagnose(
  options: SetupOptions,
  { beforeDeploy = false, drift: hasDrift = false }: Depth = {},
  onLook: (looked: LookedAt, setup: Setup | undefined) => void = () => undefined,
): Promise<Diagnosis> {
  const wanted = beforeDeploy ? looksBeforeDeploy : [...looks, ...(hasDrift ? [driftLook] : [])];
  const checks: LookedAt[] = [];
  const skipped: string[] = [];
  let setup: Setup | undefined;
  const told = (check: string, expects: string, findings: readonly Finding[]) => {
    const target = setup?.say.options ?? deploymentOptions(options);
    const looked = { check, expects, verdict: verdictOf(findings), findings: placed(findings, target) };
    checks.push(looked);
    onLook(looked, setup);
  };
  try {
    setup = await openSetup(options);
  } catch (error) {
    if (!(error instanceof Unread)) throw error;
    const [parts, others] = [beforeDeploy ? [] : Object.keys(statusParts), wanted.map(({ name }) => name)];
    told('account', EXPECTED_OF_ACCOUNT, [unreadFinding(error)]);
    return { deployed: undefined, identity: undefined, checks, skipped: [...parts, ...others] };
  }
  try {
    told('account', EXPECTED_OF_ACCOUNT, []);
    const missing = new Set<Ground>();
    for (const { name, expects, needs, ground, find } of wanted) {
      if (needs.some((one) => missing.has(one))) {
        skipped.push(name);
        if (ground !== undefined) missing.add(ground);
        continue;
      }
      const findings = await find(setup);
      if (ground !== undefined && findings.some(isGone)) missing.add(ground);
      told(name, expects, findings);
    }
    if (missing.has('bucket') || missing.has('stack')) skipped.push(...Object.keys(statusParts));
    else if (!beforeDeploy) await lookAtStatus(setup, told);
    return { deployed: setup.deployed, identity: setup.identity, checks, skipped };
  } finally {
    setup.close();
  }
}

const EXPECTED_OF_ACCOUNT =
  'the configuration is valid, AWS accepts the credentials of its account, and the region has every service';

/** Codes of a ground that nothing else can be read without. A stack that is unfinished still is there. */
const GONE: readonly string[] = [
  'SLUICE_FINDING_STACK_MISSING',
  'SLUICE_FINDING_RESOURCE_MISSING',
  'SLUICE_FINDING_BUCKET_UNFIT',
  'SLUICE_FINDING_REGION_UNFIT',
];

function isGone({ code }: Finding): boolean {
  return GONE.includes(code);
}

/** The findings of `sluice status` by part. Of days without a partition the doctor has looked at all. */
async function lookAtStatus(
  setup: Setup,
  told: (check: string, expects: string, findings: readonly Finding[]) => void,
): Promise<void> {
  const { problems } = await readStatus(setup);
  for (const [part, expects] of Object.entries(statusParts))
    told(
      part,
      expects,
      problems.filter((one) => one.part === part && one.code !== 'SLUICE_FINDING_PARTITION_WRONG'),
    );
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
