import { isUtf8 } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isoDay } from '../../base/time.ts';
import { DuckDbSession, type EngineLimits } from '../../duckdb/DuckDbSession.ts';
import { engineFailure } from '../../duckdb/EngineError.ts';
import type { Config } from '../../schema/config.ts';
import { rowPath } from '../../tables/objectKeys.ts';
import { quarantineTable } from '../../tables/quarantineTable.ts';
import { readFailedRow } from '../adopt/failedRecords.ts';
import {
  type QuarantineContext,
  type QuarantineRows,
  quarantineWriter,
  type RefusedItem,
} from '../quarantineWriter.ts';
import { type OutputPart, refusedKey } from './planOutputs.ts';
import { ROWS, stageStatement, writeDayStatement } from './rowStatements.ts';
import { type RefusedRow, SMALL_ROW } from './writePart.ts';

/** Rows of a part that are kept in quarantine. */
interface QuarantinedRows {
  /** Items that are too large for a row. They are put before the rows that point to them. */
  readonly large: QuarantineRows['large'];
  readonly files: readonly { readonly key: string; readonly path: string; readonly rows: number }[];
}

/**
 * Writes the refused rows of a part as rows of quarantine: a file a day on which they were received. A row has the identity
 * of its event, so that its copies can be told from others.
 *
 * @throws EngineError; the signal's reason.
 */
export async function writeRefused(
  refused: readonly RefusedRow[],
  of: {
    readonly config: Pick<Config, 'bucket' | 'statsigFolder' | 'tables'>;
    readonly objectKey: string;
    readonly part: OutputPart;
  },
  on: {
    readonly limits: EngineLimits;
    readonly directory: string;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<QuarantinedRows> {
  const { config, objectKey, part } = of;
  const { limits, directory, signal } = on;
  const write = quarantineWriter(config);
  const table = quarantineTable(config);
  const large: QuarantineRows['large'][number][] = [];
  const files: QuarantinedRows['files'][number][] = [];
  const session = await DuckDbSession.open(limits, { files: [], directories: [directory] }, signal);
  try {
    for (const [day, rows] of Map.groupBy(refused, ({ of: { record } }) =>
      isoDay(record.header.receivedAt),
    )) {
      const documents: string[] = [];
      const items = rows.map((row) => quarantined(row, rowPath(objectKey, part.table)));
      for (const alike of Map.groupBy(items, ({ context }) => JSON.stringify(context)).values()) {
        const [{ context } = { context: undefined }] = alike;
        if (context === undefined) continue;
        const written = write(
          alike.map(({ item }) => item),
          context,
        );
        documents.push(...written.documents);
        large.push(...written.large);
      }
      const [lines, path] = [join(directory, 'refused-lines'), join(directory, `refused-${day}.parquet`)];
      await writeFile(lines, documents.map((document) => `${document}\n`).join(''));
      await session.run(stageStatement(table, lines, ROWS, SMALL_ROW));
      await session.run(writeDayStatement(table, day, path));
      files.push({ key: refusedKey(config, objectKey, part, Date.parse(day)), path, rows: rows.length });
    }
    return { large, files };
  } catch (error) {
    throw signal?.aborted === true ? error : engineFailure(error);
  } finally {
    session.close();
  }
}

/** A row as an item of quarantine, and what it shares with others. */
function quarantined({ of, raw, code, detail }: RefusedRow, path: string) {
  const { eventId, sdkType, sdkVersion } = readFailedRow(raw);
  const identity = eventId === null ? {} : { identity: eventId, isUnique: true };
  const item: RefusedItem = { code, detail, raw: isUtf8(raw) ? raw.toString() : raw, ...identity };
  const { receivedAt } = of.record.header;
  const context: QuarantineContext = {
    ...{ receivedAt, path, sdkType, sdkVersion },
    ...{ keyLabel: null, keyHash: '', senderId: '' },
  };
  return { context, item };
}
