import { isJsonObject, valueAt } from '../../base/json.ts';
import { counted, listed } from '../../base/text.ts';
import { utcDay } from '../../base/time.ts';
import { LEDGER_FOLDER } from '../../tables/ledgerKeys.ts';
import { QUERY_RESULTS_FOLDER } from '../../tables/objectKeys.ts';
import type { LifecycleRule } from './lifecycleRules.ts';

/** What an action of a rule deletes too early. */
interface EarlyDeletion {
  /** The member of the rule that does. */
  readonly action: 'Expiration' | 'NoncurrentVersionExpiration';
  /** What it deletes, of which folders and when. */
  readonly text: string;
}

/**
 * What a rule of a bucket deletes before the time of our rules; none of a rule that leaves our objects as long
 * as they stay. Results of queries may go sooner. A rule for tagged objects has none of ours, which have no tags. One
 * that retains newer versions has no last version of what is written once, as all is but the ledger and
 * `received_hours`, whose file of a day is written again under its key.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_NoncurrentVersionExpiration.html
 *
 * @param own All rules of the configuration.
 * @param rule A rule of the bucket, as S3 answers it.
 */
export function earlyDeletions(own: readonly LifecycleRule[], rule: unknown): readonly EarlyDeletion[] {
  const at = (...path: string[]) => valueAt(rule, path);
  const isTagged = at('Filter', 'Tag') !== undefined || at('Filter', 'And', 'Tags') !== undefined;
  if (at('Status') !== 'Enabled' || isTagged) return [];
  const prefix = String(at('Filter', 'Prefix') ?? at('Filter', 'And', 'Prefix') ?? at('Prefix') ?? '');
  const date = at('Expiration', 'Date');
  const days = date === undefined ? at('Expiration', 'Days') : 0;
  const versionDays = at('NoncurrentVersionExpiration', 'NoncurrentDays');
  const retained = at('NoncurrentVersionExpiration', 'NewerNoncurrentVersions');
  const newest = retained === undefined ? '' : `, except the newest ${retained} of each key`;
  const actions = [
    {
      action: 'Expiration',
      what: 'objects',
      days,
      isOf: () => true,
      keptDays: ({ expireDays }: LifecycleRule) => expireDays ?? Infinity,
    },
    {
      action: 'NoncurrentVersionExpiration',
      what: 'earlier versions',
      days: versionDays,
      isOf: (folder: string) => retained === undefined || folder.startsWith(LEDGER_FOLDER),
      keptDays: (our: LifecycleRule) => our.versionDays,
    },
  ] as const;
  return actions.flatMap(({ action, what, days: after, isOf, keptDays }) => {
    if (typeof after !== 'number') return [];
    const isEarly = (folder: string) =>
      isOf(folder) && after < Math.min(...own.filter((our) => folder.startsWith(our.prefix)).map(keptDays));
    const folders = overlaps(own, prefix).filter(isEarly);
    if (folders.length === 0) return [];
    // From its date on, a rule deletes every object.
    const when =
      what === 'objects' && date !== undefined
        ? `from ${utcDay(new Date(String(date)).getTime())} on`
        : `after ${counted(after, 'day')}${what === 'objects' ? '' : newest}`;
    return [{ action, text: `the rule ${at('ID')} deletes ${what} of ${listed(folders)} ${when}` }];
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

/** What a rule may do besides. */
const ACTIONS = [
  'Expiration',
  'NoncurrentVersionExpiration',
  'Transitions',
  'NoncurrentVersionTransitions',
  'AbortIncompleteMultipartUpload',
];

/** A rule that does not delete too early any more, and does all else that it does; one that does nothing else is off. */
export function withoutEarly(rule: unknown, early: readonly EarlyDeletion[]): unknown {
  if (!isJsonObject(rule) || early.length === 0) return rule;
  const isEarly = (member: string) => early.some(({ action }) => action === member);
  const doesMore = ACTIONS.some((action) => rule[action] !== undefined && !isEarly(action));
  if (!doesMore) return { ...rule, Status: 'Disabled' };
  return Object.fromEntries(Object.entries(rule).filter(([member]) => !isEarly(member)));
}
