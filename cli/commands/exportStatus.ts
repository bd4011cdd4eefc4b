import { defineErrorFamily } from '../../lib/base/errors.ts';
import { addDays, utcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { Export } from '../../lib/schema/exports.ts';
import { exportFolder } from '../../lib/tables/exportKeys.ts';
import { exportPlace } from '../../lib/tables/ledgerKeys.ts';
import { type OpenDeployment, openDeployment } from '../aws/openDeployment.ts';
import { type LedgerDay, readLedgerDays } from '../aws/readLedgerDays.ts';
import { type CommandLine, textOption } from '../commandLine.ts';
import { textTable } from '../output.ts';

/** What can keep `sluice export` from its work. */
export const ExportCommandError = defineErrorFamily('user', {
  SLUICE_EXPORT_UNKNOWN: {
    cause: 'sluice.config.ts has no such export.',
    cure: 'Compare --export with `exports` in sluice.config.ts; SLUICE_CONFIG names another file.',
  },
  SLUICE_EXPORT_REFUSED: {
    cause: 'AWS refused what was asked.',
    cure: "Look at the detail: is the stage deployed with these exports, and may your credentials read the bucket's ledger/ and send to its queue?",
  },
});

/** What the parts of `sluice export` work with. */
interface OpenExport extends OpenDeployment {
  /** What `--export` names; all without it. Never empty. */
  readonly exports: readonly Export[];
}

/**
 * Opens what a command line names, and closes it when the work is over.
 *
 * @throws ExportCommandError; AwsAccessError; ConfigError.
 */
export function openExport<Result>(
  line: CommandLine,
  work: (open: OpenExport) => Promise<Result>,
): Promise<Result> {
  return openDeployment(
    line,
    (detail, error) => new ExportCommandError('SLUICE_EXPORT_REFUSED', detail, { cause: error }),
    async (open) => work({ ...open, exports: namedExports(open.config, textOption(line, 'export')) }),
  );
}

function namedExports({ exports }: Config, name: string | undefined): readonly Export[] {
  const found = exports.filter((one) => name === undefined || one.name === name);
  if (found.length > 0) return found;
  const known = exports.map((one) => one.name).join(', ');
  throw new ExportCommandError(
    'SLUICE_EXPORT_UNKNOWN',
    known === '' ? 'It has none at all.' : `It has ${known}.`,
  );
}

/** What is known of one export. */
export interface ExportStatus {
  readonly export: string;
  readonly table: string;
  /** `s3://<bucket>/<folder>/` of the customer. */
  readonly target: string;
  /** Oldest first; null where the ledger knows nothing. */
  readonly days: readonly LedgerDay[];
}

/** Reads the ledger of the exports that are asked for; the last day is yesterday. */
export async function readExportStatus(open: OpenExport, count: number): Promise<readonly ExportStatus[]> {
  const { exports, now } = open;
  const wanted = Array.from({ length: count }, (_, i) => addDays(utcDay(now), i - count));
  const days = await readLedgerDays(
    open,
    exports.map((exported) => wanted.map((day) => exportPlace(exported, day))),
  );
  return exports.map((exported, i) => ({
    export: exported.name,
    table: exported.table,
    target: `s3://${exported.target.bucket}/${exportFolder(exported)}`,
    days: days[i] ?? [],
  }));
}

/** A line for each day that the ledger knows. */
export function exportStatusText(statuses: readonly ExportStatus[]): string {
  const rows = statuses.flatMap((status) =>
    status.days.flatMap(({ day, entry }) =>
      entry === null
        ? []
        : [
            {
              export: status.export,
              day,
              state: entry.state,
              files: entry.files.length,
              bytes: entry.bytes,
              at: new Date(entry.updatedAt).toISOString(),
              why: entry.failure === undefined ? '' : `${entry.failure.code}: ${entry.failure.message}`,
            },
          ],
    ),
  );
  return rows.length === 0 ? 'Nothing was exported in these days.\n' : textTable(rows);
}
