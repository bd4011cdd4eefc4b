import { defineErrorFamily } from '../../lib/base/errors.ts';
import { addDays, utcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { Export } from '../../lib/schema/exports.ts';
import { exportFolder } from '../../lib/tables/exportKeys.ts';
import { exportPlace } from '../../lib/tables/ledgerKeys.ts';
import { type OpenDeployment, openDeployment } from '../aws/openDeployment.ts';
import { type LedgerDay, readLedgerDays } from '../aws/readLedgerDays.ts';
import { type CommandLine, textOption } from '../terminal/commandLine.ts';
import { textTable } from '../terminal/output.ts';

/** Errors of `sluice export`. */
export const ExportCommandError = defineErrorFamily('user', {
  SLUICE_EXPORT_UNKNOWN: {
    cause: 'sluice.config.ts has no export of this name.',
    cure: 'Compare --export with `exports` in sluice.config.ts; SLUICE_CONFIG names another file.',
  },
  SLUICE_EXPORT_REFUSED: {
    cause: 'AWS denied a call.',
    cure: "Read the detail. Is the stage deployed with these exports, and may your credentials read the bucket's ledger/ and send to its queue?",
  },
});

/** What the actions of `sluice export` work with. */
interface OpenExport extends OpenDeployment {
  /** The export of `--export`; all without it. Never empty. */
  readonly exports: readonly Export[];
}

/**
 * Opens the deployment and exports of a command line, and closes them after the work.
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
    known === '' ? 'It has no exports.' : `It has ${known}.`,
  );
}

/** The status of one export. */
export interface ExportStatus {
  readonly export: string;
  readonly table: string;
  /** The customer's `s3://<bucket>/<folder>/`. */
  readonly target: string;
  /** Oldest first; null if the ledger has no entry. */
  readonly days: readonly LedgerDay[];
}

/** Reads the ledger of the exports; the last day is yesterday. */
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

/** One line for each day with an entry in the ledger. */
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
  return rows.length === 0 ? 'Nothing was exported on these days.\n' : textTable(rows);
}
