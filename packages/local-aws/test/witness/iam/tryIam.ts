import fc from 'fast-check';
import { preparePackages } from '../../../../../test/harness/nodePackages.ts';
import { bucketStatement, identityStatement, PREFIXES, ROLE } from '../../iam/listingPolicies.ts';
import { decideHere } from './decideHere.ts';
import { SIMULATOR_VARIABLE, witnessDecision } from './simulator.ts';

/** The bucket that the calls list. */
const BUCKET = 'arn:aws:s3:::acme';

/** Seed of the policies: a disagreement is found again. */
const SEED = 1;

/** Both decisions on a call, where they differ. */
class Disagreement extends Error {}

/**
 * Decides on random calls that list a bucket, under random policies of a role and of the bucket, in one account and across
 * two. An independent simulator of IAM decides on the same calls and has to agree.
 *
 * @param tell Is told whether both agree. `detail` is empty, or the smallest policies that they disagree on.
 * @returns Why nothing was tried: the simulator can't be installed. Undefined if it was tried.
 * @throws Error if the simulator fails: that is no disagreement.
 */
export async function tryIam(
  tell: (what: string, passed: boolean, detail: unknown) => void,
): Promise<string | undefined> {
  const packages = preparePackages('packages/local-aws/test/witness/iam/packages', 'the simulator of IAM');
  if ('missing' in packages) return packages.missing;
  process.env[SIMULATOR_VARIABLE] = packages.directory;
  let disagreement = '';
  try {
    await compareRandomPolicies();
  } catch (error) {
    if (!(error instanceof Error && error.cause instanceof Disagreement)) throw error;
    disagreement = `${error.cause.message} ${error.message}`;
  }
  tell('IAM decides on random policies as the simulator does', disagreement === '', disagreement);
  return undefined;
}

/** Compares both decisions on random policies. @throws Error of fast-check with the smallest example. Its cause is a {@link Disagreement}, or why a decision failed. */
async function compareRandomPolicies(): Promise<void> {
  const property = fc.asyncProperty(
    fc.constantFrom('000000000000', '111122223333'),
    fc.array(identityStatement, { maxLength: 3 }),
    fc.array(bucketStatement, { maxLength: 3 }),
    fc.constantFrom(...PREFIXES),
    async (resourceAccount, identityStatements, bucketStatements, prefix) => {
      const caller = {
        principal: ROLE,
        resourceAccount,
        policies: [{ Version: '2012-10-17', Statement: identityStatements } as const],
        resourcePolicy:
          bucketStatements.length === 0
            ? undefined
            : ({ Version: '2012-10-17', Statement: bucketStatements } as const),
      };
      const context = { 'aws:PrincipalArn': ROLE, ...(prefix === undefined ? {} : { 's3:prefix': prefix }) };
      const call = { action: 's3:ListBucket', context };
      const here = decideHere(caller, call, BUCKET);
      const there = await witnessDecision(caller, call, BUCKET);
      if (here !== there) throw new Disagreement(`${here} here, ${there} for the simulator.`);
    },
  );
  await fc.assert(property, { numRuns: 1_000, seed: SEED });
}
