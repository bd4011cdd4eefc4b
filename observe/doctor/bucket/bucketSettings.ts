import { bucketDeleters } from '../../../infra/bucketNeeds.ts';
import { type BucketSetting, bucketSettings } from '../../../lib/access/buckets/bucketSettings.ts';
import { lifecycleRules } from '../../../lib/access/buckets/lifecycleRules.ts';
import { readArchivingRules } from '../../../lib/aws/archivingRules.ts';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { isOwnKey } from '../../../lib/tables/objectKeys.ts';
import { statsigFolders } from '../../../lib/tables/tableFolders.ts';
import { findBucketFault, settingPart } from '../../facts/bucketFaults.ts';
import { type Finding, finding, seenNow } from '../../findings/catalogue.ts';
import { archivingRuleFindings } from '../../findings/judge/days/archives.ts';
import { judgeSetting } from '../../findings/judge/deployment/bucket.ts';
import { type Look, type Question, settled } from '../Look.ts';
import type { Setup } from '../Setup.ts';

/** The settings of the bucket. The owner of an existing bucket makes them, not the stack. */
export const bucketSettingsLook: Look = {
  name: 'bucket-settings',
  expects:
    'the bucket sends events to EventBridge, encrypts as configured, requires TLS, expires and does not archive objects, blocks public access and keeps versions',
  find(setup) {
    const { config, key, identity, resources: names } = setup;
    const deleters = bucketDeleters(setup, { identity, names });
    const keyArn = key.kind === 'kms' ? key.arn : null;
    const wanted = bucketSettings(config, { keyArn, partition: identity.partition, deleters });
    // A stack that is unfinished has no key yet: the look at the key says so.
    const known = wanted.filter(({ name }) => key.kind !== 'unknown' || name !== 'encryption');
    return settled([
      ...known.map((setting): Question => [settingPart(setting.name), findSetting(setup, setting)]),
      ['the rules of the bucket', findArchiving(setup)],
    ]);
  },
};

/** The rules of now: the hourly look notes those that it has seen last. */
async function findArchiving(setup: Setup): Promise<readonly Finding[]> {
  return [...archivingRuleFindings(await readArchivingRules(setup.s3, setup.config.bucket), setup)];
}

/** Judges objects of others, which rules of the stack would delete. @param keys At least one. */
export function judgeForeignKeys(bucket: string, keys: readonly string[]): Finding {
  return finding('SLUICE_FINDING_BUCKET_UNFIT', {
    case: 'foreign',
    ...seenNow(
      `Rules of the stack would delete objects of others in the bucket ${bucket}, the first ${keys[0]}`,
      `${bucket}: ${keys.join(', ')}.`,
    ),
  });
}

/** Looks at one setting of the bucket. */
async function findSetting(setup: Setup, setting: BucketSetting): Promise<readonly Finding[]> {
  const { config, commands } = setup;
  const fault = await findBucketFault(setup, setting, { account: setup.identity.account });
  if (fault === null) return [];
  const others = setting.name === 'lifecycle' && config.existing.bucket ? await readForeignKeys(setup) : [];
  if (others.length > 0) return [judgeForeignKeys(config.bucket, others)];
  return [judgeSetting(config, fault, commands)];
}

/** Keys that a finding shows of each prefix. */
const SHOWN = 3;

/**
 * Objects that Sluice's lifecycle rules would delete and that neither Sluice nor Athena wrote, among the first 1,000 of each
 * folder. Whatever is in Statsig's folder beside our tables belongs to Statsig, and the rule for that folder only expires
 * versions that were overwritten or deleted.
 */
async function readForeignKeys({ s3, config }: Setup): Promise<readonly string[]> {
  const folders = statsigFolders(config).map((folder) => `${folder}/`);
  const keys: string[] = [];
  for (const { prefix } of lifecycleRules(config)) {
    if (folders.includes(prefix)) continue;
    const { items } = await s3ObjectStore(s3, config.bucket).listPage(prefix);
    const foreign = items.flatMap(({ key: object }) => (isOwnKey(config, object) ? [] : [object]));
    keys.push(...foreign.slice(0, SHOWN));
  }
  return [...new Set(keys)];
}
