import { isUtf8 } from 'node:buffer';
import { isJsonObject, parseJson } from '../../base/json.ts';
import { isoDay } from '../../base/time.ts';
import type { Config } from '../../schema/config.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { rowPath } from '../../tables/objectKeys.ts';
import { type QuarantineRows, quarantineWriter, type RefusedItem } from '../quarantineWriter.ts';
import type { LineFailure } from './lineStatements.ts';

/** A line that DuckDB refuses. */
export interface RefusedLine extends LineFailure {
  readonly kind: TableKind;
  /** The object that it is of. */
  readonly key: string;
  /** Without its line break. */
  readonly line: Buffer;
}

/**
 * Makes rows of quarantine of lines that DuckDB refuses, as lines for the round that they are of. A row has the identity of its
 * event, so that its copies can be told from others.
 *
 * @param now Epoch milliseconds.
 */
export function quarantineLines(
  refused: readonly RefusedLine[],
  config: Pick<Config, 'bucket' | 'tables'>,
  now: number,
): { readonly text: Buffer; readonly longest: number; readonly large: QuarantineRows['large'] } {
  const write = quarantineWriter(config);
  const lines: string[] = [];
  let longest = 0;
  const large: QuarantineRows['large'][number][] = [];
  for (const { kind, key, line, code, detail } of refused) {
    const text = isUtf8(line) ? line.toString() : null;
    const landed = text === null ? null : parseJson(text);
    const row = isJsonObject(landed) && isJsonObject(landed['row']) ? landed['row'] : {};
    const landedDay = isJsonObject(landed) ? String(landed['ds']) : isoDay(now);
    const member = (name: string) => (typeof row[name] === 'string' ? row[name] : null);
    const eventId = member('event_id');
    const identity = eventId === null ? {} : { identity: eventId, isUnique: true };
    const raw = text === null ? line : rowText(text);
    const item: RefusedItem = { code, detail, raw, ...identity };
    const written = write([item], {
      // When it was refused: a row that was redriven and is refused again is newer than that redrive.
      ...{ receivedAt: now, path: rowPath(key, kind, landedDay), keyLabel: null, keyHash: '', senderId: '' },
      ...{ sdkType: member('sdk_type'), sdkVersion: member('sdk_version') },
    });
    const day = isoDay(now);
    for (const json of written.documents) {
      const made = `{"kind":"quarantine","ds":"${day}","row":${json}}\n`;
      longest = Math.max(longest, Buffer.byteLength(made));
      lines.push(made);
    }
    large.push(...written.large);
  }
  return { text: Buffer.from(lines.join('')), longest, large };
}

/** The row of a line, as the collector wrote it. */
function rowText(line: string): string {
  return line.slice(line.indexOf('"row":') + '"row":'.length, -1);
}
