import { visibleLine } from '../../lib/base/text.ts';
import { isLeftOutReason, leftOutReasons } from '../../lib/drops/leftOut.ts';
import type { FileFate } from '../../lib/ledger/LedgerEntry.ts';
import type { QuarantinedPage } from '../../observe/facts/tables/listQuarantined.ts';
import type { ExplainedDay } from '../../observe/ingest/explainDay.ts';
import { type ListLength, moreNote } from '../terminal/phrases.ts';
import { textTable } from '../terminal/tables.ts';

/** A day as text: what happened and what is next, then each of its files. */
export function dayText(entry: ExplainedDay): string {
  const { source, dataset, day, table, state, attempts, failure, explanation } = entry;
  const { meaning, served, next } = explanation;
  const cure = state === 'failed' ? explanation.failure?.cure : undefined;
  const head = [
    `${source}/${dataset} ${day}: ${state} (table ${table}, attempts: ${attempts})`,
    ...(failure === undefined ? [] : [`${failure.code}: ${failure.message}`]),
    ...meaning,
    served,
    `Next: ${[cure, next].join(' ').trim()}`,
  ]
    .map(visibleLine)
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

/** The line of a file: its fate, its rows, and why. */
function fileRow({
  key,
  size,
  fate,
  reason = '',
  detail,
  rows,
  refusedBy = {},
}: FileFate): Readonly<Record<string, string | number | null>> {
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

/** Refused rows of a day as text. @param length How many were asked for, and how many `--rows` lists at most. */
export function refusedText({ rows, hasMore }: QuarantinedPage, length: ListLength): string {
  if (rows.length === 0) return 'No row of the last load was refused.\n';
  const table = textTable(
    rows.map(({ path, reason, detail, raw, isCut }) => ({
      file: path,
      reason,
      detail,
      raw: isCut ? `${raw}…` : raw,
    })),
  );
  return hasMore ? `${table}\n${moreNote('--rows', length)}\n` : table;
}
