import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { type LifecycleRule, lifecycleRules } from '../../lib/bucket/lifecycleRules.ts';
import type { Config } from '../../lib/config/configSchema.ts';
import { isOwnKey } from '../../lib/layout/isOwnKey.ts';
import type { Visit } from './Visit.ts';

/** Pages of 1,000 keys that are looked at under each prefix. */
const MOST_PAGES = 10;
/** Keys that are shown of each prefix. */
const SHOWN = 3;

/** What lies in our folders of a bucket and is not ours. */
export interface ForeignKeys {
  /** Examples, a few of each folder. */
  readonly keys: readonly string[];
  /** Folders with more keys than are looked at. */
  readonly notAll: readonly string[];
}

/** Looks at the names of what our lifecycle rules would let go, for what neither Sluice nor Athena wrote. */
export async function findForeignKeys(visit: Visit, config: Config): Promise<ForeignKeys> {
  const keys: string[] = [];
  const notAll: string[] = [];
  for (const prefix of prefixes(lifecycleRules(config), config)) {
    const found = await lookUnder(visit, config, prefix);
    keys.push(...found.keys);
    if (found.cut) notAll.push(prefix);
  }
  return { keys, notAll };
}

/**
 * Prefixes that don't lie in each other. All that is in Statsig's folder beside our tables is Statsig's: the rule there
 * lets nothing go but what was overwritten or deleted.
 */
function prefixes(rules: readonly LifecycleRule[], { statsigFolder }: Config): readonly string[] {
  const all = rules.map(({ prefix }) => prefix).filter((prefix) => prefix !== `${statsigFolder}/`);
  return all.filter((prefix) => !all.some((other) => other !== prefix && prefix.startsWith(other)));
}

async function lookUnder(visit: Visit, config: Config, Prefix: string) {
  const { s3 } = await visit.clients();
  const keys: string[] = [];
  let ContinuationToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const token = ContinuationToken;
    const answer = await visit.ask('s3:ListBucket', () =>
      s3.send(new ListObjectsV2Command({ Bucket: config.bucket, Prefix, ContinuationToken: token })),
    );
    for (const { Key = '' } of answer.Contents ?? []) if (!isOwnKey(config, Key)) keys.push(Key);
    ContinuationToken = answer.NextContinuationToken;
    if (ContinuationToken === undefined || keys.length >= SHOWN) break;
  }
  return { keys: keys.slice(0, SHOWN), cut: keys.length === 0 && ContinuationToken !== undefined };
}
