import fc from 'fast-check';
import { preparePackages } from '../../../../../test/harness/nodePackages.ts';
import { decideHere } from './decideHere.ts';
import { SIMULATOR_VARIABLE, witnessDecision } from './simulator.ts';

const ROLE = 'arn:aws:iam::000000000000:role/export';
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

/** @throws Error of fast-check with the smallest example. Its cause is a {@link Disagreement}, or why a decision failed. */
async function compareRandomPolicies(): Promise<void> {
  const identityStatement = fc.record(
    {
      Effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
      Action: fc.constantFrom('s3:*', 's3:listbucket', 's3:Get*', ['s3:PutObject', 's3:List*']),
      Resource: fc.constantFrom('*', 'arn:aws:s3:::acme', 'arn:aws:s3:::acme/*', ['arn:aws:s3:::a?me']),
      Condition: fc.constantFrom(
        {},
        { StringLike: { 's3:prefix': ['events/*', 'metrics/*'] } },
        { StringNotLike: { 's3:prefix': 'events/*' } },
        { StringEqualsIfExists: { 's3:prefix': 'events/' } },
        { StringEquals: { 's3:Prefix': 'events/' }, Bool: { 'aws:SecureTransport': 'true' } },
        { Bool: { 'aws:SecureTransport': 'false' } },
        { Null: { 's3:prefix': 'true' } },
        { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/ex*' } },
        { ArnNotEquals: { 'aws:PrincipalArn': ROLE } },
      ),
    },
    { requiredKeys: ['Effect', 'Action', 'Resource'] },
  );
  const principal = fc.constantFrom<unknown>(
    '*',
    ...['000000000000', ROLE, 'arn:aws:iam::000000000000:role/another'].map((AWS) => ({ AWS })),
    { AWS: ['arn:aws:iam::000000000000:root'] },
    { Service: 'events.amazonaws.com' },
  );
  const bucketStatement = fc
    .tuple(identityStatement, principal)
    .map(([statement, Principal]) => ({ ...statement, Principal }));
  const property = fc.asyncProperty(
    fc.constantFrom('000000000000', '111122223333'),
    fc.array(identityStatement, { maxLength: 3 }),
    fc.array(bucketStatement, { maxLength: 3 }),
    fc.constantFrom('events/', 'metrics/x', undefined),
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
