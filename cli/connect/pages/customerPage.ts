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

/**
 * The page for a customer who drops files, as Markdown: no secrets, and nothing about other customers.
 *
 * @param day A day for examples.
 */
export function customerPage(config: Config, source: Source, facts: PageFacts, day: UtcDay): string {
  const exports = config.exports.filter(
    ({ target, format }) => target.owner === source.owner && format === 'copy',
  );
  return `${[
    `# Dropping files for us: ${source.name}`,
    `You write Parquet files into your bucket \`${source.bucket}\`, a folder for each day. We load each day as a whole, and load it again when you correct it.`,
    accessText(config, source, facts, exports),
    fileText(source, day),
    ...source.datasets.map((dataset) => datasetText(source, dataset, day)),
    timeText(source, config.dailyIngest),
    ...readyText(source, facts, day),
    ...receiptText(source),
    ...exportText(exports),
    `## When something is wrong

A day is loaded as a whole or not at all; otherwise the last load stays. ${source.receipt === undefined ? 'We tell you the code.' : 'The receipt has the code, the file and the column.'} Drop corrected files: the next run loads them.`,
    markdownTable(
      ['code', 'what happened'],
      Object.entries({ ...FileError.entries, ...SourceError.entries, ...rowReasons }).map(
        ([code, { cause }]) => [`\`${code}\``, cause],
      ),
    ),
  ].join('\n\n')}\n`;
}

function accessText(
  config: Config,
  source: Source,
  { region, stack, account = ACCOUNT }: PageFacts,
  exports: readonly Export[],
): string {
  const known = { region, stack, account };
  const policies = [
    {
      bucket: source.bucket,
      printed: printedPolicies('ingest-source', config, { ...known, source: source.name }),
    },
    ...exports.map(({ name, target: { bucket } }) => ({
      bucket,
      printed: printedPolicies('export-target', config, { ...known, export: name }),
    })),
  ];
  const keyOf = (bucket: string) =>
    bucket === source.bucket
      ? source.kmsKeyArn
      : exports.find(({ target }) => target.bucket === bucket)?.target.kmsKeyArn;
  const written = [
    ...(source.receipt !== undefined ? [`\`${source.receipt}/\``] : []),
    ...(exports.some(({ target }) => target.bucket === source.bucket) ? ['the folders of exports'] : []),
  ];
  return [
    `## Once: let us in

Our account is \`${account}\`. In your bucket we read files and list their names, and write ${written.length === 0 ? 'nothing' : `into ${written.join(' and ')} and nowhere else`}.`,
    ...[...Map.groupBy(policies, ({ bucket }) => bucket)].map(([bucket, of]) =>
      policyText(
        bucket,
        of.flatMap(({ printed }) => printed),
        keyOf(bucket),
      ),
    ),
  ].join('\n\n');
}

function fileText({ settleMinutes, datasets }: Source, day: UtcDay): string {
  const markers = datasets.flatMap((dataset) => {
    const marker = markerKey(dataset, day);
    return marker === undefined
      ? []
      : [
          `- \`${dataset.name}\` waits for a marker: a day is complete when \`${marker}\` is there, with any content. Write it last.`,
        ];
  });
  return `## Files and folders

- Files are Parquet. End their names with \`.parquet\`; the rest of a name is yours. Compression: zstd, snappy, gzip or none.
- Write as many files of a day as you like, at any depth below its folder. A few large files load faster than thousands of small ones.
- A day is loaded when its newest file is ${settleMinutes} minutes old, so that a job can finish writing.
${[...markers, ''].join('\n')}- To correct a day, add, replace or delete files of it. The whole day is loaded again. Readers see the old day or the new one, never a mixture.
- A day without rows is a folder with a file without rows, or with \`_SUCCESS\` alone.
- Delta Lake, Iceberg and Hudi tables are refused: only their logs know which files are current. Write plain Parquet.

These objects are not loaded:

${markdownTable(
  ['what', 'why'],
  [
    ['`_SUCCESS`, `_committed_…`, `_started_…`', leftOutReasons.success_marker],
    ['names and folders that begin with `_` or `.`', leftOutReasons.temporary],
    ['objects of zero bytes', leftOutReasons.empty],
    ['storage classes `GLACIER` and `DEEP_ARCHIVE`', leftOutReasons.archived],
    ['`.csv`, `.json` and other extensions', leftOutReasons.not_parquet],
  ],
)}

Nothing of a day is loaded if more of its rows are refused than this share:

${markdownTable(
  ['dataset', 'refused rows'],
  datasets.map(({ name, refusedShare }) => [`\`${name}\``, share(refusedShare)]),
)}`;
}

function share(part: number): string {
  return part >= 1 ? 'any' : `${Number((part * 100).toFixed(4))} %`;
}

function datasetText({ bucket }: Source, dataset: Dataset, day: UtcDay): string {
  const { name, timezone } = dataset;
  const key = dropKey(dataset, day, 'example.parquet');
  return `## Dataset ${name}

A file of ${day} is for example \`s3://${bucket}/${key}\`. Days begin and end in the time zone ${timezone}.

${markdownTable(
  ['column', 'type', 'needed in', 'meaning'],
  fileColumns(dataset).map((column) => [
    `\`${column.name}\`${column.from === 'folder' ? ' (folder)' : ''}`,
    column.type,
    column.need === 'no' ? 'optional' : column.need,
    column.meaning,
  ]),
)}

A row without a value that is needed in every row is refused. A column that is needed in every file may be null. Other columns are ignored. A column marked as folder is in the path, as \`name=value/\`.`;
}

function timeText({ datasets }: Source, { hour }: Config['dailyIngest']): string {
  return `## Times

${markdownTable(
  ['dataset', 'we look', 'changes are seen for', 'expected by'],
  datasets.map(({ name, schedule, lookbackDays, expectedBy, timezone }) => [
    `\`${name}\``,
    schedule === 'daily' ? `every day at ${clock(hour)}:00 UTC` : 'every hour, at 15 minutes past',
    `${lookbackDays} days before today`,
    expectedBy === undefined
      ? 'no time is agreed'
      : `${clock(expectedBy.hour)}:00 ${expectedBy.timezone ?? timezone}, ${expectedBy.daysAfter === 1 ? 'the day after' : `${expectedBy.daysAfter} days after`}${expectedBy.weekdays.length === 7 ? '' : `, for the folders of ${expectedBy.weekdays.join(', ')}`}`,
  ]),
)}

Changes of older days are loaded when you tell us.`;
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
  const body = JSON.stringify({ datestamps: [day], type: kinds[0], sources: [name] });
  return [
    `## Optional: tell us that a day is ready

A call loads days at once, without waiting for the next run. The key is the secret that we send you separately; keep it out of code.

\`\`\`sh
curl -X POST ${readyUrl}/v1/mark_data_ready_dwh \\
  -H "statsig-api-key: $SLUICE_SECRET_KEY" -H 'content-type: application/json' \\
  -d '${body}'
\`\`\`

\`datestamps\` is a day or a list of at most ${MAX_DAYS}; \`type\` is one of ${kinds.map((one) => `\`${one}\``).join(', ')}. One start in ${TRIGGER_PAUSE_MS / 60_000} minutes: earlier calls are answered 429, with \`Retry-After\`.`,
  ];
}

function receiptText({ bucket, receipt }: Source): string[] {
  if (receipt === undefined) return [];
  return [
    `## Receipts

After each load of a day we write a JSON file below \`s3://${bucket}/${receipt}/\`: what became of each file, and of its rows. Keys of a day sort by time.

- \`state\`: \`succeeded\`, \`succeeded_no_data\` (the day has no files) or \`failed\` (nothing of the day was loaded; what was loaded before stays).
- \`fate\` of a file: \`loaded\`, \`failed\` (the day failed because of it), \`held\` (by another file of its day), \`left_out\` (no file to load) or \`gone\` (loaded before, and deleted since).
- \`version\` names the state of the day that readers see.
- Members may be added. Those that are there keep their meaning.`,
  ];
}

function exportText(exports: readonly Export[]): string[] {
  if (exports.length === 0) return [];
  return [
    `## What you get back

${markdownTable(
  ['export', 'table', 'folder', 'when'],
  exports.map((one) => [
    `\`${one.name}\``,
    `\`${one.table}\``,
    `\`s3://${one.target.bucket}/${exportFolder(one)}YYYY-MM-DD/\``,
    one.schedule === 'daily' ? 'every day' : 'every hour',
  ]),
)}

Each day is a folder with Parquet files. Days that change are written again; today is not written. Read the files that \`_manifest.json\` in the folder names: then you see the old day or the new one, never both.`,
  ];
}
