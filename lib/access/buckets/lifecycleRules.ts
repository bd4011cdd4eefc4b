import type { Config } from '../../schema/config.ts';
import { forwardedKinds } from '../../schema/kinds.ts';
import { LEDGER_FOLDER } from '../../tables/ledgerKeys.ts';
import {
  DAMAGED_DAYS,
  DAMAGED_FOLDER,
  LANDING_FOLDER,
  QUARANTINE_LARGE_FOLDER,
  QUERY_RESULTS_FOLDER,
  readerResultsFolder,
} from '../../tables/objectKeys.ts';
import { RELAY_FOLDER } from '../../tables/relayKeys.ts';
import { statsigFolders, tableFolder, tableFolders } from '../../tables/tableFolders.ts';

/** Days after which S3 deletes the parts of an upload that nobody completed. */
export const UNFINISHED_UPLOAD_DAYS = 7;
/**
 * Days after which objects under `relay/` expire: a copy is tried for six days and a half, and kept for as long when it
 * is refused.
 */
const RELAY_OBJECT_DAYS = 7;

/**
 * When objects under one prefix, their versions and unfinished uploads expire. Days count from the creation of an
 * object, a version or an upload.
 */
export interface LifecycleRule {
  /** The name of the rule, unique in the bucket. */
  readonly id: string;
  /** The beginning of the keys that the rule is for. */
  readonly prefix: string;
  /** Null: objects do not expire. */
  readonly expireDays: number | null;
  /** Days after which overwritten or deleted versions expire. */
  readonly versionDays: number;
  /** Days after which S3 deletes the parts of an upload that nobody completed. */
  readonly unfinishedUploadDays: number;
}

/**
 * The one table of how long objects stay in the bucket. Every rule has a prefix of ours. An existing bucket may have other
 * objects under one of them: the doctor checks before it advises to set these rules. For nested prefixes S3 applies the
 * shorter time.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
 */
export function lifecycleRules(
  config: Pick<Config, 'retention' | 'statsigFolder' | 'tables' | 'readers'> &
    Partial<Pick<Config, 'formerStatsigFolders'>>,
): readonly LifecycleRule[] {
  const { retention } = config;
  const data = { versionDays: retention.dataVersionDays };
  // Nobody brings back refused bodies, or results that a query makes again.
  const passing = { versionDays: 1 };
  const state = { versionDays: retention.stateVersionDays };
  const rules: readonly Omit<LifecycleRule, 'unfinishedUploadDays'>[] = [
    ...statsigFolders(config).map((folder, i) => ({
      id: i === 0 ? 'statsig-folder' : `statsig-folder-${i}`,
      prefix: `${folder}/`,
      expireDays: null,
      ...data,
    })),
    ...forwardedKinds.flatMap((kind) =>
      tableFolders(config, kind).map((prefix, i) => ({
        id: i === 0 ? kind : `${kind}-${i}`,
        prefix,
        expireDays: retention.forwardedDays,
        ...data,
      })),
    ),
    {
      id: 'quarantine',
      prefix: tableFolder(config, 'quarantine'),
      expireDays: retention.quarantineDays,
      ...data,
    },
    {
      id: 'quarantine-large',
      prefix: QUARANTINE_LARGE_FOLDER,
      expireDays: retention.quarantineDays,
      ...passing,
    },
    { id: 'query-results', prefix: QUERY_RESULTS_FOLDER, expireDays: retention.queryResultDays, ...passing },
    ...besideTables(config).map((rule) => ({ ...rule, ...(rule.expireDays === null ? data : passing) })),
    // Objects are deleted once they are written to tables. Their old versions allow writing them again.
    {
      id: 'landing',
      prefix: LANDING_FOLDER,
      expireDays: null,
      versionDays: retention.landingVersionDays,
    },
    { id: 'damaged', prefix: DAMAGED_FOLDER, expireDays: DAMAGED_DAYS, ...data },
    { id: 'ledger', prefix: LEDGER_FOLDER, expireDays: null, ...state },
    // Copies hold SDK keys, so they and their versions are deleted, whatever the configuration keeps otherwise. The
    // rule exists without `relay`, too, as some copies may be left.
    {
      id: 'relay',
      prefix: RELAY_FOLDER,
      expireDays: RELAY_OBJECT_DAYS,
      ...passing,
    },
  ];
  return rules.map((rule) => ({
    ...rule,
    id: `sluice-${rule.id}`,
    unfinishedUploadDays: UNFINISHED_UPLOAD_DAYS,
  }));
}

/**
 * Rules for results that are not in `query-results/`. Results in a folder that the configuration chooses expire there.
 * Results of readers who make tables are beside those tables' files, which must not expire, and S3 knows prefixes only.
 * The names of results begin with the query's ID, which is hexadecimal, so a rule for each digit finds them and nothing
 * else: {@link readerResultsFolder}.
 */
function besideTables({
  readers,
  retention,
}: Pick<Config, 'readers' | 'retention'>): Pick<LifecycleRule, 'id' | 'prefix' | 'expireDays'>[] {
  const digits = retention.queryResultDays === null ? [] : [...'0123456789abcdef'];
  return readers.flatMap((reader) => {
    const prefix = readerResultsFolder(reader);
    if (reader.kind === 'statsig' && reader.resultLocation !== undefined)
      return [{ id: `results-of-${reader.name}`, prefix, expireDays: retention.queryResultDays }];
    if (reader.kind !== 'metabase' || reader.ownDatabase === null) return [];
    return [
      { id: `tables-of-${reader.name}`, prefix, expireDays: null },
      ...digits.map((digit) => ({
        id: `results-${digit}-of-${reader.name}`,
        prefix: `${prefix}${digit}`,
        expireDays: retention.queryResultDays,
      })),
    ];
  });
}
