import { type EncryptionProblem, encryptionProblems } from '../../../infra/serverless/encryptionProblems.ts';
import { type BucketDocument, defaultEncryption } from '../../../lib/access/buckets/bucketSettings.ts';
import { valuesOf } from '../../../lib/base/json.ts';
import { settingReaders } from '../../facts/bucketFaults.ts';
import { outputsOf } from '../../facts/flow/stackOutputs.ts';
import { type Finding, finding, seenNow } from '../../findings/catalogue.ts';
import { ifThere } from '../../ifThere.ts';
import type { Look } from '../Look.ts';
import type { Setup } from '../Setup.ts';

/** What a deployment refuses. @param answer The default encryption of an existing bucket; undefined if it does not count, or if there is none. */
function findEncryption(
  { config, stackName, deployed, resources }: Setup,
  answer?: BucketDocument,
): readonly Finding[] {
  const [rule] = valuesOf(answer?.['Rules']);
  const stack = { stackName, outputs: outputsOf(deployed), resources };
  return encryptionProblems(config, stack, defaultEncryption(rule)).map(judgeEncryption);
}

/** Judges an encryption that a deployment refuses. */
export function judgeEncryption({ kind, fact, text }: EncryptionProblem): Finding {
  return finding('SLUICE_FINDING_ENCRYPTION_DIFFERS', { case: kind, ...seenNow(fact, text) });
}

/** Whether the stack is encrypted as the configuration says. The settings of an existing bucket are another look. */
export const encryptionLook: Look = {
  name: 'encryption',
  expects: '`encryption` is as the stack has it',
  find: async (setup) => findEncryption(setup),
};

/** The same before a deployment, which also refuses the default of an existing bucket. */
export const encryptionBeforeLook: Look = {
  name: 'encryption',
  expects: '`encryption` is as the stack and an existing bucket have it',
  async find(setup) {
    const { s3, config } = setup;
    if (!config.existing.bucket) return findEncryption(setup);
    return findEncryption(setup, await ifThere(settingReaders.encryption(s3, { Bucket: config.bucket })));
  },
};
