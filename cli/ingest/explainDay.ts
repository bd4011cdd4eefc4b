import { s3Ledger } from '../../lib/aws/s3Ledger.ts';
import { visibleLine } from '../../lib/base/text.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { isLeftOutReason, leftOutReasons } from '../../lib/drops/Drop.ts';
import type { FileFate, LedgerEntry } from '../../lib/drops/ledger/LedgerEntry.ts';
import { textTable } from '../terminal/output.ts';
import { IngestCommandError, type OpenIngest } from './openIngest.ts';

/** @throws IngestCommandError SLUICE_INGEST_DAY_UNKNOWN. */
export async function readDay({ s3, config, datasets }: OpenIngest, day: UtcDay): Promise<LedgerEntry> {
  const [found] = datasets;
  const place = { source: found?.source.name ?? '', dataset: found?.dataset.name ?? '', day };
  const stored = await s3Ledger(s3, config.bucket).read(place);
  if (stored === null)
    throw new IngestCommandError('SLUICE_INGEST_DAY_UNKNOWN', `${place.source}/${place.dataset} ${day}.`);
  return stored.entry;
}

/** A day as text: its state, then each of its files. */
export function dayText(entry: LedgerEntry): string {
  const { source, dataset, day, table, state, attempts, rows, queued, lease, failure, version } = entry;
  const at = (ms: number) => new Date(ms).toISOString();
  const facts: [string, string][] = [
    ['day', `${source}/${dataset} ${day}`],
    ['table', table],
    ['state', `${state} (${at(entry.updatedAt)}, attempts: ${attempts})`],
    ...(queued === undefined
      ? []
      : [['queued', `${queued.reason} (${at(queued.at)})`] satisfies [string, string]]),
    ...(lease === undefined ? [] : [['claimed until', at(lease.until)] satisfies [string, string]]),
    ...(failure === undefined
      ? []
      : [['failure', `${failure.code}: ${failure.message}`] satisfies [string, string]]),
    ['rows', `${rows.in} in, ${rows.out} out, ${rows.refused} refused`],
    [
      'days late',
      Object.entries(entry.rowsByDaysLate)
        .map(([days, n]) => `${days}: ${n}`)
        .join(', ') || 'none',
    ],
    ['bytes read', String(entry.bytes)],
    [
      'took, ms',
      Object.entries(entry.durations)
        .map(([step, ms]) => `${step} ${Math.round(ms)}`)
        .join(', '),
    ],
    ['queries read', version ?? 'nothing'],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const head = facts
    .map(([name, text]) => `${name.padEnd(width)}  ${visibleLine(text)}`.trimEnd())
    .join('\n');
  if (entry.files.length === 0) return `${head}\n`;
  // The error of a file is a long sentence, and often also the error of the day.
  const problems = new Set(
    entry.files.flatMap(({ fate, reason, detail }) =>
      fate === 'failed' && detail !== undefined ? [`${reason}: ${detail}`] : [],
    ),
  );
  problems.delete(`${failure?.code}: ${failure?.message}`);
  const rest = problems.size === 0 ? '' : `\n${[...problems].map(visibleLine).join('\n')}\n`;
  return `${head}\n\n${textTable(entry.files.map(fileRow))}${rest}`;
}

function fileRow({ key, size, fate, reason = '', detail, rows, refusedBy = {} }: FileFate) {
  const meaning = isLeftOutReason(reason) ? leftOutReasons[reason] : undefined;
  const refusals = Object.entries(refusedBy).map(([why, n]) => `${why}: ${n}`);
  return {
    file: key,
    bytes: size,
    fate,
    in: rows?.in ?? null,
    out: rows?.out ?? null,
    refused: rows?.refused ?? null,
    why: [reason, (fate === 'failed' ? undefined : detail) ?? meaning ?? '', ...refusals]
      .filter((text) => text !== '')
      .join(' '),
  };
}
