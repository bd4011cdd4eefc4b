import type { PolicyDocument } from '../../../lib/access/policyDocument.ts';
import { type PrintedPolicy, printedPolicies } from '../../../lib/access/printedPolicies.ts';
import { addDays, type UtcDay } from '../../../lib/base/time.ts';
import { leftOutReasons } from '../../../lib/drops/Drop.ts';
import {
  MAX_DAYS,
  MAX_LIST_CALLS,
  MOST_LOOKED_INSIDE,
  RECEIPT_GIVEN_UP_MS,
  TRIGGER_PAUSE_MS,
} from '../../../lib/drops/limits.ts';
import { dropDayFolder, markerKey } from '../../../lib/drops/listDrops.ts';
import { customerWords } from '../../../lib/drops/receipt/customerWords.ts';
import { makeReceipt, newReceipt, receiptKey } from '../../../lib/drops/receipt/Receipt.ts';
import type { Config } from '../../../lib/schema/config.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import type { Dataset, Source } from '../../../lib/schema/sources.ts';
import { exportFolder } from '../../../lib/tables/exportKeys.ts';
import type { Block } from './blocks.ts';
import { exampleKey } from './exampleFiles.ts';
import { fileColumns } from './fileColumns.ts';

/** Values that only a deployment knows. Placeholders replace them otherwise. */
export interface PageFacts {
  /** `sluice-prod` */
  readonly stack: string;
  readonly region: string;
  readonly account: string | undefined;
  /** Base address of `mark_data_ready_dwh`. */
  readonly readyUrl: string | undefined;
  /** A day for examples. */
  readonly day: UtcDay;
}

/** Stands for the account of the deployment. */
export const ACCOUNT = '__ACCOUNT_ID__';
const READY_URL = 'https://__COLLECTOR_URL__';

/** Placeholders of a page, in the order of the alphabet. */
export function placeholdersOf(page: string): readonly string[] {
  return [...new Set(page.match(/__[A-Z][A-Z0-9_]*__/g))].sort();
}

/** Makes the page for a customer who drops files: no secrets, and nothing about other customers. */
export function customerPage(config: Config, source: Source, facts: PageFacts): readonly Block[] {
  const exports = config.exports.filter(
    ({ target, format }) => target.owner === source.owner && format === 'copy',
  );
  return [
    { heading: `Dropping files for us: ${source.name}`, level: 1 },
    {
      text: `You write Parquet files into your bucket \`${source.bucket}\`, a folder for each day. We load each day as a whole, and load it again when you correct it. This page has what you set up once, what files look like, and when what happens.`,
    },
    ...accessBlocks(config, source, facts, exports),
    ...fileBlocks(source, facts.day),
    ...source.datasets.flatMap((dataset) => datasetBlocks(source, dataset, facts.day)),
    ...timeBlocks(source, config.dailyIngest),
    ...readyBlocks(source, facts),
    ...receiptBlocks(source, facts.day),
    ...exportBlocks(exports, config.dailyIngest),
    ...failureBlocks(source),
  ];
}

function accessBlocks(
  config: Config,
  source: Source,
  facts: PageFacts,
  exports: readonly Export[],
): readonly Block[] {
  const known = { region: facts.region, stack: facts.stack, account: facts.account ?? ACCOUNT };
  const ingest = printedPolicies('ingest-source', config, { ...known, source: source.name });
  const others = exports.map((one) => ({
    bucket: one.target.bucket,
    policies: printedPolicies('export-target', config, { ...known, export: one.name }),
  }));
  const ours = others.filter(({ bucket }) => bucket === source.bucket);
  const elsewhere = Map.groupBy(
    others.filter(({ bucket }) => bucket !== source.bucket),
    ({ bucket }) => bucket,
  );
  return [
    { heading: 'Once: let us in', level: 2 },
    {
      text: `Our account is \`${known.account}\`. ${
        source.receipt?.bucket === true
          ? `In your bucket we read files and list their names, and write into \`${source.receipt.prefix}/\` and nowhere else${ours.length > 0 ? ' but into the folders of exports' : ''}.`
          : `In your bucket we read files and list their names${ours.length > 0 ? ', and write into the folders of exports' : ', and write nothing'}.`
      }`,
    },
    ...policyBlocks(source.bucket, [ingest, ...ours.map(({ policies }) => policies)], source.kmsKeyArn),
    ...[...elsewhere].flatMap(([bucket, of]) =>
      policyBlocks(
        bucket,
        of.map(({ policies }) => policies),
        exports.find(({ target }) => target.bucket === bucket)?.target.kmsKeyArn,
      ),
    ),
  ];
}

/** The documents that the customer applies; ours, `callerPolicy`, is not shown to them. */
export function policyBlocks(
  bucket: string,
  printed: readonly (readonly Pick<PrintedPolicy, 'name' | 'purpose' | 'document'>[])[],
  keyArn: string | undefined,
): readonly Block[] {
  const named = (name: string) => joined(printed.flatMap((all) => all.filter((one) => one.name === name)));
  const [bucketPolicy, keyPolicy] = [named('bucketPolicy'), named('keyPolicy')];
  const [permissions, trust] = [named('rolePermissions'), named('roleTrust')];
  const purpose = printed.flat().find(({ name }) => name === 'rolePermissions')?.purpose ?? '';
  return [
    ...(bucketPolicy === null
      ? []
      : [
          { heading: `Policy of the bucket ${bucket}`, level: 3 } as const,
          {
            text: `In the S3 console: Buckets > \`${bucket}\` > Permissions > Bucket policy > Edit. If the bucket has a policy, add the statements to it; otherwise paste all of it.`,
          },
          { code: json(bucketPolicy), language: 'json' } as const,
          {
            text: 'Or with the AWS CLI, from a file `policy.json`. The second command replaces the whole policy: the first shows what is there, which has to stay in the file.',
          },
          {
            code: `aws s3api get-bucket-policy --bucket ${bucket} --query Policy --output text\naws s3api put-bucket-policy --bucket ${bucket} --policy file://policy.json`,
            language: 'sh',
          } as const,
        ]),
    ...(keyPolicy === null
      ? [
          {
            text: `If \`${bucket}\` is encrypted with a KMS key of yours (SSE-KMS), tell us its ARN first: the key's own policy needs a statement, too. The key \`aws/s3\` that AWS manages can't be used by another account.`,
          },
        ]
      : [
          { heading: `Policy of the key of ${bucket}`, level: 3 } as const,
          {
            text: `In the KMS console: Customer managed keys > \`${keyArn ?? ''}\` > Key policy > Switch to policy view > Edit. Add the statement to the others.`,
          },
          { code: json(keyPolicy), language: 'json' } as const,
        ]),
    ...(permissions === null
      ? []
      : [
          { heading: 'Role in your account', level: 3 } as const,
          { text: `${purpose} Its permissions:` },
          { code: json(permissions), language: 'json' } as const,
        ]),
    ...(trust === null
      ? []
      : [{ text: 'Its trust policy:' }, { code: json(trust), language: 'json' } as const]),
  ];
}

/** A bucket has one policy: the statements of several documents in one, each with an ID of its own. */
function joined(policies: readonly Pick<PrintedPolicy, 'document'>[]): PolicyDocument | null {
  const [first, ...more] = policies.map(({ document }) => document);
  if (first === undefined) return null;
  if (more.length === 0) return first;
  const used = new Set<string>();
  const { Id: _, ...document } = first;
  return {
    ...document,
    Statement: [first, ...more].flatMap(({ Statement }, i) =>
      Statement.map((statement) => {
        const Sid = used.has(statement.Sid) ? `${statement.Sid}${i + 1}` : statement.Sid;
        used.add(Sid);
        return { ...statement, Sid };
      }),
    ),
  };
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function fileBlocks({ settleMinutes, datasets }: Source, day: UtcDay): readonly Block[] {
  const waits = datasets.filter(({ waitFor }) => waitFor !== undefined);
  return [
    { heading: 'Files and folders', level: 2 },
    {
      list: [
        'Files are Parquet. End their names with `.parquet`; the rest of a name is yours. Names without any extension are read as Parquet, too. Compression: zstd, snappy, gzip or none.',
        'All files of a day are one day: write as many as you like, at any depth below its folder. A few large files load faster than thousands of small ones.',
        settleMinutes === 0
          ? 'A day is loaded by the next run after its files are there.'
          : `A day is loaded when its newest file is ${settleMinutes} minutes old, so that a job can finish writing.`,
        ...waits.map(
          (dataset) =>
            `\`${dataset.name}\` waits for a marker: a day is complete when \`${markerKey(dataset, day) ?? ''}\` is there, with any content. Write it last.`,
        ),
        'To correct a day, add, replace or delete files of it. The whole day is loaded again, and what you deleted is gone. Readers see the old day or the new one, never a mixture.',
        'A day without rows is a folder with a file without rows, or with `_SUCCESS` alone.',
        'Delta Lake, Iceberg and Hudi tables are refused: only their logs know which files are current. Write plain Parquet, for example with `UNLOAD` in Athena.',
      ],
    },
    { text: 'These objects are not loaded:' },
    {
      columns: ['what', 'why'],
      rows: [
        ['`_SUCCESS`, `_committed_…`, `_started_…`', leftOutReasons.success_marker],
        ['names and folders that begin with `_` or `.`', leftOutReasons.temporary],
        ['objects of zero bytes', leftOutReasons.empty],
        ['storage classes `GLACIER` and `DEEP_ARCHIVE`', leftOutReasons.archived],
        ['`.csv`, `.json` and other extensions', leftOutReasons.not_parquet],
      ],
    },
    { text: 'Limits:' },
    {
      columns: ['what', 'limit', 'beyond it'],
      rows: [
        [
          'objects in all days that one run looks at',
          count(MAX_LIST_CALLS * 1_000),
          'the dataset is not loaded: `SLUICE_SOURCE_TOO_MANY_OBJECTS`',
        ],
        [
          'objects of a day with the extension of another format',
          count(MOST_LOOKED_INSIDE),
          'the day is not loaded: `SLUICE_SOURCE_TOO_MANY_UNKNOWN`',
        ],
        [
          'a day',
          'some 50 million rows of 9 columns, or 15 million of 38',
          'ask us first: a larger day is loaded in another way',
        ],
        ...datasets.map((dataset) => [
          `refused rows of a day of \`${dataset.name}\``,
          share(dataset.refusedShare),
          'nothing of the day is loaded: `SLUICE_LOAD_ROWS_REFUSED`',
        ]),
        ...datasets
          .filter(({ lateShare }) => lateShare < 1)
          .map((dataset) => [
            `rows of a day of \`${dataset.name}\` that are more than a day away from their folder`,
            share(dataset.lateShare),
            'nothing of the day is loaded: `SLUICE_LOAD_ROWS_LATE`',
          ]),
      ],
    },
  ];
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function share(part: number): string {
  return `${Number((part * 100).toFixed(4))} %`;
}

function datasetBlocks(source: Source, dataset: Dataset, day: UtcDay): readonly Block[] {
  const { name, folder, dayFormat, layout, timezone } = dataset;
  const columns = fileColumns(dataset);
  const folders = columns.filter(({ from }) => from === 'folder');
  return [
    { heading: `Dataset ${name}`, level: 2 },
    {
      list: [
        layout === undefined
          ? `Folder of a day: \`s3://${source.bucket}/${folder}/${dropDayFolder(day, dayFormat)}/\`, for example \`${exampleKey(dataset, day)}\``
          : `Keys: \`s3://${source.bucket}/${folder}/${layout}\` with the day as YYYY, MM and DD, for example \`${exampleKey(dataset, day)}\``,
        `Days begin and end in the time zone ${timezone}.`,
      ],
    },
    {
      columns: ['column', 'type', 'needed in', 'meaning'],
      rows: columns.map((column) => [
        `\`${column.name}\`${column.from === 'folder' ? ' (folder)' : ''}`,
        column.type,
        column.need === 'no' ? 'optional' : column.need,
        column.meaning,
      ]),
    },
    {
      text: 'Needed in every row: a row without a value is refused. Needed in every file: the column has to be there, and may be null. Other columns are ignored.',
    },
    ...(folders.length === 0
      ? []
      : [
          {
            text: `Columns marked as folders are not in the files: they are folders of the path, such as \`${folders[0]?.name}=…/\`.`,
          },
        ]),
  ];
}

function timeBlocks({ datasets, settleMinutes }: Source, { hour }: Config['dailyIngest']): readonly Block[] {
  return [
    { heading: 'Times', level: 2 },
    {
      columns: ['dataset', 'we look', 'changes are seen for', 'expected by'],
      rows: datasets.map(({ name, schedule, lookbackDays, expectedBy, timezone }) => [
        `\`${name}\``,
        schedule === 'daily' ? `every day at ${clock(hour)}:00 UTC` : 'every hour, at 15 minutes past',
        `${lookbackDays} days before today`,
        expectedBy === undefined
          ? 'no time is agreed'
          : `${String(expectedBy.hour).padStart(2, '0')}:00 ${expectedBy.timezone ?? timezone}, ${expectedBy.daysAfter === 0 ? 'on the same day' : expectedBy.daysAfter === 1 ? 'the day after' : `${expectedBy.daysAfter} days after`}${expectedBy.weekdays.length === 7 ? '' : `, for the folders of ${expectedBy.weekdays.join(', ')}`}`,
      ]),
    },
    {
      text: `A day that is complete when we look is usually loaded within minutes; one that still changes follows once it has been unchanged for ${settleMinutes} minutes. Changes of older days are loaded when you tell us.`,
    },
  ];
}

const READY_KINDS: ReadonlySet<Dataset['kind']> = new Set(['events', 'metrics', 'exposures']);

function readyBlocks({ name, datasets }: Source, { readyUrl = READY_URL, day }: PageFacts): readonly Block[] {
  const kinds = [...new Set(datasets.map(({ kind }) => kind))].filter((kind) => READY_KINDS.has(kind));
  const [kind] = kinds;
  if (kind === undefined) return [];
  const body = JSON.stringify({ datestamps: [day], type: kind, sources: [name] });
  return [
    { heading: 'Optional: tell us that a day is ready', level: 2 },
    {
      text: 'A call loads days at once, without waiting for the next run. The key is the secret that we send you separately; keep it out of code.',
    },
    {
      code: `curl -X POST ${readyUrl}/v1/mark_data_ready_dwh \\\n  -H "statsig-api-key: $SLUICE_SECRET_KEY" -H 'content-type: application/json' \\\n  -d '${body}'`,
      language: 'sh',
    },
    {
      list: [
        `\`datestamps\`: a day or a list of at most ${MAX_DAYS}; \`type\`: ${kinds.map((one) => `\`${one}\``).join(', ')}.`,
        `One start in ${TRIGGER_PAUSE_MS / 3_600_000} hours. Earlier calls are answered 429, with \`Retry-After\`. A call for days without files does not count.`,
        'Other answers name what was wrong, in `code` and `message`.',
      ],
    },
  ];
}

function receiptBlocks(source: Source, day: UtcDay): readonly Block[] {
  const [dataset] = source.datasets;
  const { receipt } = source;
  if (receipt === undefined || dataset === undefined) return [];
  const { entry, of } = sampleEntry(source, dataset, day);
  const key = receiptKey({ source, dataset, day }, of) ?? '';
  const examples = [
    {
      file: exampleKey(dataset, day),
      code: 'SLUICE_INGEST_ROW_TIME_MISSING',
      detail: 'row 7, column "timestamp"',
      row: '{…}',
    },
  ];
  return [
    { heading: 'Receipts', level: 2 },
    { text: 'After each load of a day you get a receipt: what became of each file, and of its rows.' },
    {
      text: `We write it into your bucket, for example \`s3://${source.bucket}/${key}\`. Keys of a day sort by time. It quotes at most 10 refused rows, which nobody but you and us can read. Where it is not written, we try again every hour, for ${RECEIPT_GIVEN_UP_MS / 86_400_000} days.`,
    },
    {
      code: json(makeReceipt(entry, of, examples)),
      language: 'json',
    },
    {
      list: [
        '`outcome`: `loaded`, `no_data` (the day has no files) or `failed` (nothing of the day was loaded; what was loaded before stays).',
        '`fate` of a file: `loaded`, `refused` (the day failed because of it), `waiting` (for another file of its day), `ignored` (no file to load) or `gone` (loaded before, and deleted since).',
        '`id` is the same for every copy of one receipt. `version` names the state of the day that readers see.',
        'Members may be added. Those that are there keep their meaning.',
      ],
    },
  ];
}

/** Two digits of an hour. */
function clock(hour: number): string {
  return String(hour).padStart(2, '0');
}

/** A day with a refused row and an object that is ignored, for the example of a receipt. */
function sampleEntry(source: Source, dataset: Dataset, day: UtcDay) {
  const key = exampleKey(dataset, day);
  const startedAt = Date.parse(`${addDays(day, 1)}T09:00:04Z`);
  const finishedAt = startedAt + 21_000;
  const rows = { in: 1_000, out: 999, refused: 1 };
  const version = `${new Date(startedAt).toISOString().replace(/[-:.]/g, '')}-1f6c09ab`;
  const entry = {
    ...{ source: source.name, dataset: dataset.name, day, table: dataset.table },
    ...({ state: 'succeeded', fingerprint: null, attempts: 1, rows, version } as const),
    files: [
      {
        ...{ key, size: 48_213, eTag: '', fate: 'loaded' as const, rows },
        refusedBy: { SLUICE_INGEST_ROW_TIME_MISSING: 1 },
      },
      {
        key: key.replace(/[^/]*$/, 'notes.csv'),
        ...{ size: 120, eTag: '', fate: 'left_out' as const, reason: 'not_parquet' },
      },
    ],
    ...{ rowsByDaysLate: {}, bytes: 0, durations: {}, superseded: [], updatedAt: finishedAt, token: '-' },
  };
  return { entry, of: newReceipt(entry, entry, { startedAt, finishedAt }) };
}

function exportBlocks(exports: readonly Export[], { hour }: Config['dailyIngest']): readonly Block[] {
  if (exports.length === 0) return [];
  return [
    { heading: 'What you get back', level: 2 },
    {
      columns: ['export', 'table', 'folder', 'when'],
      rows: exports.map((one) => [
        `\`${one.name}\``,
        `\`${one.table}\``,
        `\`s3://${one.target.bucket}/${exportFolder(one)}YYYY-MM-DD/\``,
        one.schedule === 'daily'
          ? `every day at ${clock((hour + 2) % 24)}:30 UTC`
          : 'every hour, at 45 minutes past',
      ]),
    },
    {
      text: 'Each day is a folder with Parquet files. Days that change are written again; today is not written.',
    },
    ...exports
      .filter(({ format }) => format !== 'statsig')
      .map(({ name }) => ({
        text: `\`_manifest.json\` in a folder of \`${name}\` names its files. Read what the manifest names: then you see the old day or the new one, never both.`,
      })),
  ];
}

function failureBlocks({ receipt }: Source): readonly Block[] {
  return [
    { heading: 'When something is wrong', level: 2 },
    {
      text: `A day is loaded as a whole or not at all; otherwise the last load stays. Rows that can't be read are refused one by one, up to the share above. ${receipt === undefined ? 'We tell you the code.' : 'The receipt has the code, the file and the column.'} Drop corrected files: the next run loads them.`,
    },
    {
      columns: ['code', 'what happened', 'what to do'],
      rows: [...customerWords].map(([code, { cause, cure }]) => [`\`${code}\``, cause, cure]),
    },
  ];
}
