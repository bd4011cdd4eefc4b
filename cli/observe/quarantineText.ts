import type { QuarantineCounts } from '../../observe/facts/tables/countQuarantine.ts';
import type { QuarantinedPage } from '../../observe/facts/tables/listQuarantined.ts';
import type { ExaminedRow } from '../../observe/quarantine/examineQuarantined.ts';
import { textTable } from '../terminal/output.ts';
import { athenaRead, lines } from './words.ts';

interface Where {
  readonly isLocal: boolean;
}

/** Characters of a raw row in a list. */
const SHOWN = 120;

/** Counts of quarantine by reason, with the meaning of each. */
export function countsText(counts: QuarantineCounts, where: Where): string {
  const { reasons, from, to, notes } = counts;
  if (reasons.length === 0)
    return `Nothing is in quarantine that was received from ${from} to ${to}. Rows arrive there within minutes.\n${lines(notes)}`;
  const table = textTable(
    reasons.map(({ code, rows, items, firstAt, lastAt, isRedrivable }) => ({
      reason: code,
      rows,
      items,
      first: firstAt,
      last: lastAt,
      redrive: isRedrivable ? 'can be tried' : 'no',
    })),
  );
  const meanings = reasons.map(({ code, cause, cure }) => `${code}: ${cause}\n  ${cure}`);
  return `${table}\n${meanings.join('\n')}\n${lines(notes)}${cost(counts.scannedBytes, where)}`;
}

/** Rows of quarantine, one line each. */
export function rowsText({ rows, hasMore, notes, scannedBytes }: QuarantinedPage, where: Where): string {
  const table = textTable(
    rows.map(({ receivedAt, quarantineId, detail, keyLabel, sdkType, path, raw, rawLocation, isCut }) => ({
      received: receivedAt,
      item: quarantineId,
      detail,
      key: keyLabel,
      sdk: sdkType,
      path,
      raw: raw === null ? rawLocation : raw.length > SHOWN || isCut ? `${raw.slice(0, SHOWN)}…` : raw,
    })),
  );
  const more = hasMore ? '\nThere are more: --rows.\n' : '';
  return `${table}${more}${lines(notes)}${cost(scannedBytes, where)}`;
}

/** A row whole. */
export function examinedText({ row, reason, scannedBytes }: ExaminedRow, where: Where): string {
  const facts = {
    item: row.quarantineId,
    reason: reason.code,
    detail: row.detail,
    received: row.receivedAt,
    key: row.keyLabel,
    SDK: [row.sdkType, row.sdkVersion].filter((text) => text !== null).join(' '),
    path: row.path,
  };
  const table = textTable(Object.entries(facts).map(([fact, value]) => ({ fact, value })));
  const raw = row.raw === null ? 'Nothing of it was kept.' : `${row.raw}${row.isCut ? ' … (cut)' : ''}`;
  return `${table}\nRaw${row.rawEncoding === 'base64' ? ', base64' : ''}\n${raw}\n\n${reason.cause}\n  ${reason.cure}\n${cost(scannedBytes, where)}`;
}

function cost(scannedBytes: number, { isLocal }: Where): string {
  return isLocal ? '' : `${athenaRead(scannedBytes)}\n`;
}
