import { expect, it } from '@jest/globals';
import { ACCESS_LIMITS } from '../../lib/access/policyDocument.ts';
import { type PrintedPolicy, printedPolicies } from '../../lib/access/printedPolicies.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { REGIONS } from '../../lib/schema/regions.ts';
import { stagesSchema } from '../../lib/schema/stages.ts';
import { checkManagedPolicy } from '../../packages/local-aws/src/iam/index.ts';
import { templateConfigurations } from './templateConfigurations.ts';

const account = '111122223333';
const LONGEST_STAGE = 's'.repeat(32);
/** By far longer than anybody's; a bucket's name has no more. */
const NAMES = {
  bucket: 'b'.repeat(63),
  database: 'd'.repeat(100),
  athena: { stagingDatabase: 'e'.repeat(100), workgroup: 'w'.repeat(64) },
};
const MOST = Math.max(...REGIONS.map(({ length }) => length));
const LONGEST_REGION = REGIONS.find(({ length }) => length === MOST) ?? '';

const together: Partial<ConfigInput> = {
  ...Object.assign({}, ...Object.values(templateConfigurations)),
  readers: templateConfigurations['readers and customers'].readers,
  sources: templateConfigurations['readers and customers'].sources,
  endpoint: templateConfigurations['what a platform team asks for'].endpoint,
  encryption: 'kms',
  existing: {},
};

function print(input: Partial<ConfigInput>, region: string, stage: string): readonly PrintedPolicy[] {
  // ARNs of the configurations are of other regions.
  const text = JSON.stringify({ ...input, region, architecture: 'x86_64' });
  const there: Partial<ConfigInput> = JSON.parse(
    text.replaceAll(/:(?:us-east-1|eu-west-1):/g, `:${region}:`),
  );
  const config = defineConfig({ bucket: 'acme', ...there });
  return printedPolicies('deploy', config, { region, account, stack: `sluice-${stage}` });
}

it('the printed deployment policy is taken by IAM for the longest names, in the region with the longest name', () => {
  expect(stagesSchema.safeParse([`${LONGEST_STAGE}s`]).success).toBe(false);
  for (const options of [...Object.values(templateConfigurations), together])
    for (const { name, document } of print({ ...options, ...NAMES }, LONGEST_REGION, LONGEST_STAGE)) {
      checkManagedPolicy(JSON.stringify(document, null, 2));
      const { length } = JSON.stringify(document);
      expect([name, length > ACCESS_LIMITS.managedPolicyCharacters ? length : 'fits']).toEqual([
        name,
        'fits',
      ]);
    }
});
