import type { Config } from '../schema/config.ts';
import { CLAIM_FOLDER, LEDGER_FOLDER } from '../tables/ledgerKeys.ts';
import {
  ERRORS_FOLDER,
  OVERFLOW_FOLDER,
  PARKED_FOLDER,
  QUARANTINE_LARGE_FOLDER,
  QUERY_RESULTS_FOLDER,
  RELAY_FOLDER,
  readerResultsFolder,
} from '../tables/objectKeys.ts';
import { tableFolder } from '../tables/tableFolders.ts';

/** Days after which the parts of an upload that nobody completed go. */
export const UNFINISHED_UPLOAD_DAYS = 7;
/** Days after which claims of redrive expire: an invocation that left one behind was killed. */
const CLAIM_DAYS = 1;
/**
 * Days after which what is parked costs less to keep. S3 takes no fewer:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
 */
const COLD_DAYS = 30;

/**
 * Days after which objects under `relay/` expire, should relay's own runs fail. Those put a copy aside after six days and a
 * half, and delete it after eleven.
 */
const RELAY_OBJECT_DAYS = 7;

/** When objects under one prefix expire or move to cheaper storage. Days count from the creation of an object, a version or an upload. */
export interface LifecycleRule {
  readonly id: string;
  readonly prefix: string;
  /** Null: objects stay. */
  readonly expireDays: number | null;
  /** Of versions that were overwritten or deleted. */
  readonly versionDays: number;
  /** When objects move to STANDARD_IA; null: never. */
  readonly coldDays: number | null;
  readonly unfinishedUploadDays: number;
}

/**
 * The one table of how long objects stay in the bucket. Every rule has a prefix of ours. An existing bucket may have other
 * objects under one of them: the doctor checks before it advises to set these rules. For nested prefixes S3 applies the
 * shorter time.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
 */
export function lifecycleRules(
  config: Pick<Config, 'retention' | 'statsigFolder' | 'tables' | 'readers' | 'relay'>,
): readonly LifecycleRule[] {
  const { retention } = config;
  const data = { versionDays: retention.dataVersionDays, coldDays: null };
  const state = { versionDays: retention.stateVersionDays, coldDays: null };
  const { parkedDays } = retention;
  const rules: readonly Omit<LifecycleRule, 'unfinishedUploadDays'>[] = [
    { id: 'statsig-folder', prefix: `${config.statsigFolder}/`, expireDays: null, ...data },
    ...(['exposures', 'events'] as const).map((kind) => ({
      id: kind,
      prefix: tableFolder(config, kind),
      expireDays: retention.forwardedDays,
      ...data,
    })),
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
      ...data,
    },
    { id: 'query-results', prefix: QUERY_RESULTS_FOLDER, expireDays: retention.queryResultDays, ...data },
    ...besideTables(config).map((rule) => ({ ...rule, ...data })),
    // What waits there is delivered or parked; a time of its own could only lose it.
    { id: 'overflow', prefix: OVERFLOW_FOLDER, expireDays: null, ...data },
    { id: 'errors', prefix: ERRORS_FOLDER, expireDays: retention.errorDays, ...data },
    { id: 'ledger', prefix: LEDGER_FOLDER, expireDays: null, ...state },
    { id: 'redrive-claims', prefix: CLAIM_FOLDER, expireDays: CLAIM_DAYS, ...data },
    {
      id: 'parked',
      prefix: PARKED_FOLDER,
      expireDays: parkedDays,
      versionDays: retention.stateVersionDays,
      // A moved object is billed for at least 30 days, so moving saves nothing if it expires earlier.
      coldDays: parkedDays === null || parkedDays >= 2 * COLD_DAYS ? COLD_DAYS : null,
    },
    // Copies hold SDK keys: they go, and their versions, whatever the configuration keeps otherwise.
    ...(config.relay === undefined
      ? []
      : [
          {
            id: 'relay',
            prefix: RELAY_FOLDER,
            expireDays: RELAY_OBJECT_DAYS,
            versionDays: 1,
            coldDays: null,
          },
        ]),
  ];
  return rules.map((rule) => ({
    ...rule,
    id: `sluice-${rule.id}`,
    unfinishedUploadDays: UNFINISHED_UPLOAD_DAYS,
  }));
}

/**
 * Results of readers who make tables lie beside those tables' files, which nothing may expire, and S3 knows prefixes
 * only. The names of results begin with the query's ID, hexadecimal, so a rule for each digit finds them and nothing
 * else: {@link readerResultsFolder}.
 */
function besideTables({
  readers,
  retention,
}: Pick<Config, 'readers' | 'retention'>): Pick<LifecycleRule, 'id' | 'prefix' | 'expireDays'>[] {
  const digits = retention.queryResultDays === null ? [] : [...'0123456789abcdef'];
  return readers
    .filter((reader) => reader.kind === 'metabase' && reader.ownDatabase !== null)
    .flatMap((reader) => {
      const prefix = readerResultsFolder(reader);
      return [
        { id: `tables-of-${reader.name}`, prefix, expireDays: null },
        ...digits.map((digit) => ({
          id: `results-of-${reader.name}-${digit}`,
          prefix: `${prefix}${digit}`,
          expireDays: retention.queryResultDays,
        })),
      ];
    });
}
