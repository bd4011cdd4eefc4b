import { displayValue } from '../../base/text.ts';
import { denyingPattern, namePatternProblem } from '../../collect/eventFilter.ts';
import { type ConfigProblem, unexpected } from '../../schema/ConfigProblem.ts';
import type { Config } from '../../schema/config.ts';
import { MAX_WINDOW_DAYS } from '../../schema/deliveryLimits.ts';
import { listExperiments } from '../../schema/names.ts';
import { RESERVED_COLUMNS } from '../../tables/deliveredTables.ts';
import { RESERVED_FOLDERS } from '../../tables/objectKeys.ts';
import { redactionPathProblem } from '../../wire/Redaction.ts';
import { customerBucketProblems } from './customerBucketProblems.ts';
import { endpointProblems } from './endpointProblems.ts';
import { exportProblems } from './exportProblems.ts';
import { readerProblems } from './readerProblems.ts';
import { sourceProblems } from './sourceProblems.ts';
import { statsigProblems } from './statsigProblems.ts';
import { TakenNames } from './TakenNames.ts';
import { viewProblems } from './viewProblems.ts';

/** Problems that the schema can't find, as each field is valid alone. */
export function crossFieldProblems(config: Config): ConfigProblem[] {
  return [
    ...endpointProblems(config.endpoint, config.passThrough),
    ...statsigFolderProblems(config),
    ...sharedTableNames(config),
    ...stagingDatabaseProblems(config),
    ...keyProblems(config),
    ...redactionProblems(config),
    ...experimentProblems(config),
    ...retentionProblems(config),
    ...nameListProblems(config),
    ...saltProblems(config),
    ...timeWindowProblems(config),
    ...existingProblems(config),
    ...readerProblems(config),
    ...sourceProblems(config),
    ...exportProblems(config),
    ...customerBucketProblems(config),
    ...statsigProblems(config),
    ...unitColumnProblems(config),
    ...viewProblems(config),
  ];
}

/** Names that two tables have. */
function sharedTableNames(config: Pick<Config, 'tables' | 'curatedTables'>): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const names = new TakenNames(problems, 'name');
  for (const member of ['tables', 'curatedTables'] as const)
    for (const [kind, name] of Object.entries(config[member])) names.claim(name, `${member}.${kind}`);
  return problems;
}

/** A staging database that is the database of our tables. */
function stagingDatabaseProblems({ athena, database }: Pick<Config, 'athena' | 'database'>): ConfigProblem[] {
  if (athena.stagingDatabase !== database) return [];
  const expected = 'another database than `database`: Statsig makes and drops tables there';
  return [unexpected('athena.stagingDatabase', database, expected)];
}

/** Paths that can't be redacted. */
function redactionProblems({ privacy, unitIds }: Pick<Config, 'privacy' | 'unitIds'>): ConfigProblem[] {
  return Object.entries(privacy.redact).flatMap(([path, action]) => {
    const problem = redactionPathProblem(path, action, unitIds);
    return problem === null ? [] : [unexpected('privacy.redact', path, problem)];
  });
}

/** A salt that redaction needs and that is missing. */
function saltProblems({ privacy }: Pick<Config, 'privacy'>): ConfigProblem[] {
  if (Object.keys(privacy.redact).length === 0 || privacy.salt !== undefined) return [];
  const expected = 'a text of at least 16 characters, since something is redacted';
  return [unexpected('privacy.salt', undefined, expected)];
}

/** A time window of more days than a run can keep partitions for. */
function timeWindowProblems({
  timeWindow: { pastDays, futureDays },
}: Pick<Config, 'timeWindow'>): ConfigProblem[] {
  const days = pastDays + futureDays + 1;
  return days > MAX_WINDOW_DAYS
    ? [
        {
          field: 'timeWindow',
          text: `got ${days} days (pastDays, futureDays and today), expected ${MAX_WINDOW_DAYS} at most.`,
        },
      ]
    : [];
}

/** Columns of unit IDs that the tables have already, or that two unit IDs have. */
function unitColumnProblems({ unitIds }: Pick<Config, 'unitIds'>): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const columns = new TakenNames(problems, 'column');
  for (const [unitId, column] of Object.entries(unitIds)) {
    if (RESERVED_COLUMNS.has(column))
      problems.push(unexpected(`unitIds.${unitId}`, column, "a column that the tables don't have already"));
    columns.claim(column, `unitIds.${unitId}`);
  }
  return problems;
}

/** Folders of Statsig's that have another use, or that are given twice. */
function statsigFolderProblems(
  config: Pick<Config, 'statsigFolder' | 'formerStatsigFolders'>,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const former = config.formerStatsigFolders.map(({ folder }, i) => ({
    folder,
    field: `formerStatsigFolders.${i}.folder`,
  }));
  for (const { folder, field } of [{ folder: config.statsigFolder, field: 'statsigFolder' }, ...former]) {
    const [topFolder = ''] = folder.split('/');
    if (RESERVED_FOLDERS.has(topFolder))
      problems.push(unexpected(field, folder, `a folder outside ${topFolder}/, which has another use`));
  }
  for (const [i, { folder, field }] of former.entries()) {
    const isTaken =
      folder === config.statsigFolder || former.findIndex((earlier) => earlier.folder === folder) < i;
    if (isTaken) problems.push(unexpected(field, folder, 'another folder than the others'));
    const { until } = config.formerStatsigFolders[i] ?? {};
    if (config.formerStatsigFolders.findIndex((earlier) => earlier.until === until) < i)
      problems.push(unexpected(`formerStatsigFolders.${i}.until`, until, 'another day than the others'));
  }
  return problems;
}

/** Keys that are given twice, and sources of keys that do not exist. */
function keyProblems({ keys, sources }: Pick<Config, 'keys' | 'sources'>): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const [i, { sha256 }] of keys.entries()) {
    const first = keys.findIndex((key) => key.sha256 === sha256);
    if (first < i)
      problems.push({
        field: `keys.${i}.sha256`,
        text: `expected another key than keys.${first} (${keys[first]?.label}).`,
      });
  }
  const names = sources.map(({ name }) => name);
  const expected = names.length === 0 ? 'no name, as there are no `sources`' : `one of ${names.join(', ')}`;
  for (const [i, key] of keys.entries())
    for (const [j, name] of (key.sources ?? []).entries())
      if (!names.includes(name)) problems.push(unexpected(`keys.${i}.sources.${j}`, name, expected));
  return problems;
}

/** Names in lists that cannot match. */
function nameListProblems(lists: Pick<Config, 'events' | 'exposures'>): ConfigProblem[] {
  return (['events', 'exposures'] as const).flatMap((list) =>
    Object.entries(lists[list]).flatMap(([action, names = []]) =>
      names.flatMap((name, i) => {
        const denied = action === 'allow' ? denyingPattern(name, lists[list].deny) : undefined;
        const problem =
          namePatternProblem(list, name) ??
          (denied === undefined
            ? null
            : `a name that \`deny\` does not have: ${displayValue(denied)} is there`);
        return problem === null ? [] : [unexpected(`${list}.${action}.${i}`, name, problem)];
      }),
    ),
  );
}

/** Names that are in two lists although they can be in one only. */
function experimentProblems({ experiments, holdouts }: Config): ConfigProblem[] {
  const names = listExperiments({ experiments });
  return (holdouts ?? []).flatMap((name, i) =>
    names.includes(name)
      ? [
          unexpected(
            `holdouts.${i}`,
            name,
            'a name that is not in `experiments`: a unit of a holdout is in no group',
          ),
        ]
      : [],
  );
}

/** A day whose raw rows are gone is never curated: its files expire at midnight, before the night's plan. */
function retentionProblems({ curate, curateAfter, retention: { forwardedDays } }: Config): ConfigProblem[] {
  return curate && forwardedDays !== null && forwardedDays <= curateAfter
    ? [
        {
          field: 'retention.forwardedDays',
          text: `got ${forwardedDays}, expected more than curateAfter, ${curateAfter}: raw rows expire before they are curated.`,
        },
      ]
    : [];
}

/** The database that exists in every account, and that Athena reads for every query. */
const ACCOUNT_DATABASE = 'default';

/** Problems of `existing` together with the names that it refers to. */
function existingProblems({
  encryption,
  existing,
  database,
  athena,
}: Pick<Config, 'encryption' | 'existing' | 'database' | 'athena'>): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const hasKey = existing.keyArn !== null;
  if (encryption === 's3' && hasKey)
    problems.push({
      field: 'existing.keyArn',
      text: "expected null with `encryption: 's3'`: no role could use the key.",
    });
  if (encryption === 'kms' && existing.bucket && !hasKey) {
    problems.push({
      field: 'existing.keyArn',
      text: "got null, expected the ARN of the KMS key that the existing bucket is encrypted with: roles and readers may use only that key. If S3's own keys encrypt it, set `encryption: 's3'`.",
    });
  }
  for (const [field, name, flag] of [
    ['database', database, 'database'],
    ['athena.stagingDatabase', athena.stagingDatabase, 'stagingDatabase'],
  ] as const) {
    if (name === ACCOUNT_DATABASE && !existing[flag]) {
      problems.push({
        field,
        text: `got "${name}", which every account has already: expected another database, or existing.${flag}: true.`,
      });
    }
  }
  return problems;
}
