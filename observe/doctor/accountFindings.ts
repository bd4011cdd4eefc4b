import { problemLine } from '../../lib/schema/ConfigProblem.ts';
import { type RegionalSettings, regionProblems } from '../../lib/schema/regionProblems.ts';
import { isRegion } from '../../lib/schema/regions.ts';
import { CREDENTIALS_EXPIRED } from '../answerKinds.ts';
import { type Finding, finding, seenNow } from '../findings/catalogue.ts';

/** Judges credentials that STS refuses. */
export function judgeRefusal({ name, message }: Error): Finding {
  return finding('SLUICE_FINDING_CREDENTIALS', {
    case: CREDENTIALS_EXPIRED.test(name) ? 'expired' : 'refused',
    ...seenNow(`AWS does not take the credentials: ${name}`, message),
  });
}

/** Judges credentials of another account than the configured one. */
export function judgeOtherAccount(account: string, configured: string): Finding {
  return finding('SLUICE_FINDING_CREDENTIALS', {
    case: 'otherAccount',
    ...seenNow(
      `The credentials are of the account ${account}, the configuration is for ${configured}`,
      `account: got ${account}, expected ${configured}.`,
    ),
  });
}

/** Judges the region of a stack; null if it fits. */
export function judgeRegion(region: string, config: RegionalSettings): Finding | null {
  if (!isRegion(region))
    return finding('SLUICE_FINDING_REGION_UNFIT', {
      case: 'unknown',
      ...seenNow(`The region ${region} is none in which the stack can be`, `${region}.`),
    });
  const [problem] = regionProblems(region, config);
  if (problem === undefined) return null;
  const { kind } = problem;
  return finding('SLUICE_FINDING_REGION_UNFIT', {
    case: kind,
    ...seenNow(PROBLEM_TITLES[kind](region, config), problemLine(problem)),
  });
}

/** The title of each problem of a region. */
const PROBLEM_TITLES: Readonly<
  Record<
    ReturnType<typeof regionProblems>[number]['kind'],
    (region: string, config: RegionalSettings) => string
  >
> = {
  functionUrl: (region, { endpoint }) =>
    `Lambda has no Function URLs in ${region}, where endpoint.kind is ${endpoint.kind}`,
  key: (region, { existing }) => `The key ${existing.keyArn} is not in ${region}, the region of the stack`,
  logsKey: (region, { logs }) => `The key ${logs.kmsKeyArn} is not in ${region}, the region of the stack`,
};
