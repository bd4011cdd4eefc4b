import { isJsonObject, parseJson } from '../../base/json.ts';
import type { UtcDay } from '../../base/time.ts';
import type { Config } from '../../schema/config.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { rowPath } from '../../tables/objectKeys.ts';
import { type QuarantineRows, quarantineWriter, type RefusedItem } from '../quarantineWriter.ts';
import type { LineFailure } from './lineStatements.ts';

/** A line that DuckDB refuses. */
export interface RefusedLine extends LineFailure {
  /** The kind of the table that the row is for. */
  readonly kind: TableKind;
  /** The day of its folder. */
  readonly day: UtcDay;
  /** Key of the object that the line came from. */
  readonly key: string;
  /** The row alone, without a line break. */
  readonly text: string;
}

/** Rows of quarantine for a round. */
interface QuarantineLines {
  /** A row in each line, in the order of the refused lines. */
  readonly text: Buffer;
  /** How many lines there are. */
  readonly rows: number;
  /** Lines that are too large for a row. */
  readonly large: QuarantineRows['large'];
}

/**
 * Makes rows of quarantine from lines that DuckDB refuses, as lines for another file of the same round. A row has the
 * identity of its event, so that copies of the event can be told from other rows.
 *
 * @param now Epoch milliseconds.
 */
export function quarantineLines(
  refused: readonly RefusedLine[],
  config: Pick<Config, 'bucket' | 'tables'>,
  now: number,
): QuarantineLines {
  const write = quarantineWriter(config);
  const lines: string[] = [];
  const large: QuarantineRows['large'][number][] = [];
  for (const { kind, day, key, text, code, detail } of refused) {
    const parsed = parseJson(text);
    const row = isJsonObject(parsed) ? parsed : {};
    const member = (name: string) => (typeof row[name] === 'string' ? row[name] : null);
    const eventId = member('event_id');
    const identity = eventId === null ? {} : { identity: eventId };
    const item: RefusedItem = { code, detail, raw: text, ...identity };
    const written = write([item], {
      // When it was refused: a row that was redriven and is refused again is newer than that redrive.
      receivedAt: now,
      path: rowPath(key, kind, day),
      keyLabel: null,
      keyHash: '',
      senderId: '',
      sdkType: member('sdk_type'),
      sdkVersion: member('sdk_version'),
    });
    for (const json of written.documents) lines.push(`${json}\n`);
    large.push(...written.large);
  }
  return { text: Buffer.from(lines.join('')), rows: lines.length, large };
}
