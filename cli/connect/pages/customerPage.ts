import { printedPolicies } from '../../../lib/access/printedPolicies.ts';
import type { UtcDay } from '../../../lib/base/time.ts';
import { SourceError } from '../../../lib/drops/CustomerBucket.ts';
import { leftOutReasons } from '../../../lib/drops/Drop.ts';
import { MAX_DAYS, TRIGGER_PAUSE_MS } from '../../../lib/drops/limits.ts';
import { markerKey } from '../../../lib/drops/listDrops.ts';
import { rowReasons } from '../../../lib/drops/rowReasons.ts';
import { FileError } from '../../../lib/parquet/FileError.ts';
import type { Config } from '../../../lib/schema/config.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import type { Dataset, Source } from '../../../lib/schema/sources.ts';
import { exportFolder } from '../../../lib/tables/exportKeys.ts';
import { dropKey } from '../../ingest/dropFiles.ts';
import { section as fill, type Values } from '../template.ts';
import { fileColumns } from './fileColumns.ts';
import { ACCOUNT, markdownTable, policyText } from './policyText.ts';

/** Values that only a deployment knows. Placeholders replace them otherwise. */
export interface PageFacts {
  /** `sluice-prod` */
  readonly stack: string;
  readonly region: string;
  readonly account: string | undefined;
  /** Base address of `mark_data_ready_dwh`. */
  readonly readyUrl: string | undefined;
}

/** A section of the template. */
const section = (name: string, values: Values = {}) => fill('pages.md.txt', name, values);

/**
 * The page for a customer who drops files, as Markdown: no secrets, and nothing about other customers.
 *
 * @param day A day for examples.
 */
export function customerPage(config: Config, source: Source, facts: PageFacts, day: UtcDay): string {
  const { name, bucket, receipt, datasets } = source;
  const exports = config.exports.filter(
    ({ target, format }) => target.owner === source.owner && format === 'copy',
  );
  const codes = Object.entries({ ...FileError.entries, ...SourceError.entries, ...rowReasons });
  const told =
    receipt === undefined ? 'We tell you the code.' : 'The receipt has the code, the file and the column.';
  const sections = [
    section('head', { source: name, bucket }),
    accessText(config, source, facts, exports),
    fileText(source),
    ...datasets.map((dataset) =>
      section('dataset', {
        ...{ dataset: dataset.name, day, bucket, timezone: dataset.timezone },
        key: dropKey(dataset, day, 'example.parquet'),
        marker: markerKey(dataset, day),
        columns: markdownTable(['column', 'type', 'needed in', 'meaning'], fileColumns(dataset)),
      }),
    ),
    section('times', { times: timesText(source, config.dailyIngest) }),
    ...readyText(source, facts, day),
    ...(receipt === undefined ? [] : [section('receipts', { bucket, receipt })]),
    ...(exports.length === 0 ? [] : [section('exports', { exports: exportsText(exports) })]),
    section('wrong', {
      told,
      codes: markdownTable(
        ['code', 'what happened'],
        codes.map(([code, { cause }]) => [`\`${code}\``, cause]),
      ),
    }),
  ];
  return `${sections.join('\n\n')}\n`;
}

function accessText(
  config: Config,
  source: Source,
  { region, stack, account = ACCOUNT }: PageFacts,
  exports: readonly Export[],
): string {
  const known = { region, stack, account };
  const print = (
    target: 'ingest-source' | 'export-target',
    { bucket, kmsKeyArn }: Source | Export['target'],
    of: { readonly source: string } | { readonly export: string },
  ) => ({ bucket, kmsKeyArn, printed: printedPolicies(target, config, { ...known, ...of }) });
  const policies = [
    print('ingest-source', source, { source: source.name }),
    ...exports.map(({ name, target }) => print('export-target', target, { export: name })),
  ];
  const texts = [...Map.groupBy(policies, ({ bucket }) => bucket)].map(([bucket, of]) =>
    policyText(
      bucket,
      of.flatMap(({ printed }) => printed),
      of[0]?.kmsKeyArn,
    ),
  );
  return section('access', {
    ...{ account, receipt: source.receipt, exporting: exports.length > 0 ? '' : undefined },
    policies: texts.join('\n\n'),
  });
}

function fileText({ settleMinutes, datasets }: Source): string {
  return section('files', {
    settleMinutes,
    leftOut: markdownTable(
      ['what', 'why'],
      [
        ['`_SUCCESS`, `_committed_…`, `_started_…`', leftOutReasons.success_marker],
        ['names and folders that begin with `_` or `.`', leftOutReasons.temporary],
        ['objects of zero bytes', leftOutReasons.empty],
        ['storage classes `GLACIER` and `DEEP_ARCHIVE`', leftOutReasons.archived],
        ['`.csv`, `.json` and other extensions', leftOutReasons.not_parquet],
      ],
    ),
    shares: markdownTable(
      ['dataset', 'refused rows'],
      datasets.map(({ name, refusedShare }) => [`\`${name}\``, share(refusedShare)]),
    ),
  });
}

function share(part: number): string {
  return part >= 1 ? 'any' : `${Number((part * 100).toFixed(4))} %`;
}

function timesText({ datasets }: Source, { hour }: Config['dailyIngest']): string {
  return markdownTable(
    ['dataset', 'we look', 'changes are seen for', 'expected by'],
    datasets.map(({ name, schedule, lookbackDays, expectedBy, timezone }) => [
      `\`${name}\``,
      schedule === 'daily' ? `every day at ${clock(hour)}:00 UTC` : 'every hour, at 15 minutes past',
      `${lookbackDays} days before today`,
      expectedBy === undefined
        ? 'no time is agreed'
        : `${clock(expectedBy.hour)}:00 ${expectedBy.timezone ?? timezone}, ${expectedBy.daysAfter === 1 ? 'the day after' : `${expectedBy.daysAfter} days after`}${expectedBy.weekdays.length === 7 ? '' : `, for the folders of ${expectedBy.weekdays.join(', ')}`}`,
    ]),
  );
}

/** Two digits of an hour. */
function clock(hour: number): string {
  return String(hour).padStart(2, '0');
}

const READY_KINDS: ReadonlySet<Dataset['kind']> = new Set(['events', 'metrics', 'exposures']);

function readyText(
  { name, datasets }: Source,
  { readyUrl = 'https://__COLLECTOR_URL__' }: PageFacts,
  day: UtcDay,
): string[] {
  const kinds = [...new Set(datasets.map(({ kind }) => kind))].filter((kind) => READY_KINDS.has(kind));
  if (kinds.length === 0) return [];
  return [
    section('ready', {
      url: readyUrl,
      body: JSON.stringify({ datestamps: [day], type: kinds[0], sources: [name] }),
      mostDays: MAX_DAYS,
      kinds: kinds.map((one) => `\`${one}\``).join(', '),
      pause: TRIGGER_PAUSE_MS / 60_000,
    }),
  ];
}

function exportsText(exports: readonly Export[]): string {
  return markdownTable(
    ['export', 'table', 'folder', 'when'],
    exports.map((one) => [
      `\`${one.name}\``,
      `\`${one.table}\``,
      `\`s3://${one.target.bucket}/${exportFolder(one)}YYYY-MM-DD/\``,
      one.schedule === 'daily' ? 'every day' : 'every hour',
    ]),
  );
}
