import { isCuredByRedrive } from '../../lib/landing/quarantineReasons.ts';
import type { Deployment } from '../../observe/deployment.ts';
import type { QuarantineCounts } from '../../observe/facts/tables/countQuarantine.ts';
import type { QuarantinedPage, QuarantinedRow } from '../../observe/facts/tables/listQuarantined.ts';
import type { RedriveReport } from '../../operate/quarantine/redriveQuarantine.ts';
import { athenaRead, type ListLength, lines, moreNote } from '../terminal/phrases.ts';
import { textTable } from '../terminal/tables.ts';

/** Characters of a raw row that the text of a list shows. */
const RAW_CHARACTERS = 120;

/** Counts of quarantine by reason, with the meaning of each. */
export function quarantineCountsText(
  counts: QuarantineCounts,
  deployment: Pick<Deployment, 'isLocal'>,
): string {
  const { reasons, from, to, notes, scannedBytes } = counts;
  if (reasons.length === 0)
    return `Nothing is in quarantine that was received from ${from} to ${to}. Rows arrive there within minutes.\n${lines(notes)}`;
  const table = textTable(
    reasons.map(({ code, rows, items, firstAt, lastAt }) => ({
      reason: code,
      rows,
      items,
      first: firstAt,
      last: lastAt,
      redrive: isCuredByRedrive(code) ? 'once corrected' : 'no',
    })),
  );
  const senders = textTable(
    reasons.flatMap(({ code, senders: sent }) =>
      sent.map(({ sdk, key, path, rows, firstAt, lastAt }) => {
        return { reason: code, sdk, key, path, rows, first: firstAt, last: lastAt };
      }),
    ),
  );
  const meanings = reasons.map(({ code, cause, cure }) => `${code}: ${cause}\n  ${cure}`);
  return `${table}\n${senders}\n${meanings.join('\n')}\n${lines(notes)}${costText(scannedBytes, deployment)}`;
}

/** Rows of quarantine, one line each. */
export function quarantinedRowsText(
  page: QuarantinedPage,
  length: ListLength,
  deployment: Pick<Deployment, 'isLocal'>,
): string {
  const table = textTable(
    page.rows.map((row) => ({
      received: row.receivedAt,
      item: row.quarantineId,
      detail: row.detail,
      key: row.keyLabel,
      sdk: row.sdkType,
      path: row.path,
      raw: rawText(row),
    })),
  );
  const more = page.hasMore ? `\n${moreNote('--rows', length)}\n` : '';
  return `${table}${more}${lines(page.notes)}${costText(page.scannedBytes, deployment)}`;
}

/** What a redrive made of quarantined rows, a line for each fate. */
export function redriveText(
  { found, delivered, refused, ignored, gone, failed }: RedriveReport,
  dryRun: boolean,
): string {
  const landed = dryRun ? 'that would be delivered' : 'delivered';
  return textTable([
    { what: 'found in quarantine', n: found },
    { what: `exposures ${landed}`, n: delivered.exposures },
    { what: `events ${landed}`, n: delivered.events },
    ...Object.entries(refused).map(([code, n]) => ({ what: `still refused: ${code}`, n })),
    ...(ignored > 0 ? [{ what: 'ignored by configuration', n: ignored }] : []),
    ...(gone > 0 ? [{ what: 'gone: the body expired or was erased', n: gone }] : []),
    ...Object.entries(failed).map(([code, n]) => ({ what: `not accepted: ${code}`, n })),
  ]);
}

/** The beginning of a row as it was sent; of one that is too large for the table, where it is. */
function rawText({ raw, rawLocation, isCut }: QuarantinedRow): string | null {
  if (raw === null) return rawLocation;
  const isWhole = raw.length <= RAW_CHARACTERS && !isCut;
  return isWhole ? raw : `${raw.slice(0, RAW_CHARACTERS)}…`;
}

/** What the query has read. In the local cloud it costs nothing. */
function costText(scannedBytes: number, { isLocal }: Pick<Deployment, 'isLocal'>): string {
  return isLocal ? '' : `${athenaRead(scannedBytes)}\n`;
}
