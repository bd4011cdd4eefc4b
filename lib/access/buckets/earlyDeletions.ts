import { isJsonObject, valueAt } from '../../base/json.ts';
import { counted, listed } from '../../base/text.ts';
import { utcDay } from '../../base/time.ts';
import { QUERY_RESULTS_FOLDER } from '../../tables/objectKeys.ts';
import type { LifecycleRule } from './lifecycleRules.ts';

/**
 * What a rule of a bucket deletes before the time of our rules, in words; none of a rule that leaves our objects as long
 * as they stay. Results of queries may go sooner. A rule for tagged objects has none of ours, which have no tags.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
 *
 * @param own All rules of the configuration.
 * @param rule A rule of the bucket, as S3 answers it.
 */
export function earlyDeletions(own: readonly LifecycleRule[], rule: unknown): readonly string[] {
  const at = (...path: string[]) => valueAt(rule, path);
  const isTagged = at('Filter', 'Tag') !== undefined || at('Filter', 'And', 'Tags') !== undefined;
  if (at('Status') !== 'Enabled' || isTagged) return [];
  const prefix = String(at('Filter', 'Prefix') ?? at('Filter', 'And', 'Prefix') ?? at('Prefix') ?? '');
  const date = at('Expiration', 'Date');
  const days = date === undefined ? at('Expiration', 'Days') : 0;
  const versionDays = at('NoncurrentVersionExpiration', 'NoncurrentDays');
  return [
    { what: 'objects', days, keptDays: ({ expireDays }: LifecycleRule) => expireDays ?? Infinity },
    { what: 'earlier versions', days: versionDays, keptDays: (our: LifecycleRule) => our.versionDays },
  ].flatMap(({ what, days: after, keptDays }) => {
    if (typeof after !== 'number') return [];
    const isEarly = (folder: string) =>
      after < Math.min(...own.filter((our) => folder.startsWith(our.prefix)).map(keptDays));
    const folders = overlaps(own, prefix).filter(isEarly);
    if (folders.length === 0) return [];
    // From its date on, a rule deletes every object.
    const when =
      what === 'objects' && date !== undefined
        ? `from ${utcDay(new Date(String(date)).getTime())} on`
        : `after ${counted(after, 'day')}`;
    return [`the rule ${at('ID')} deletes ${what} of ${listed(folders)} ${when}`];
  });
}

/** Our folders below a prefix; the prefix itself if it is within one. */
function overlaps(own: readonly LifecycleRule[], prefix: string): readonly string[] {
  const found = own.flatMap(({ prefix: folder }) => {
    if (folder === QUERY_RESULTS_FOLDER) return [];
    if (folder.startsWith(prefix)) return [folder];
    return prefix.startsWith(folder) ? [prefix] : [];
  });
  return [...new Set(found)];
}

/** A rule that deletes nothing any more. */
export function turnedOff(rule: unknown): unknown {
  return isJsonObject(rule) ? { ...rule, Status: 'Disabled' } : rule;
}
