import { SluiceError } from '../../lib/base/errors.ts';
import type { Deployment } from '../../observe/deployment.ts';
import type { RequestedDays } from '../../operate/ingest/requests.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { type CommandLine, UsageError } from '../terminal/commandLine.ts';
import { textTable, writeNote, writeResult } from '../terminal/output.ts';

/** Work that a command asks functions of a deployment for. */
export interface Work<Requested> {
  /** Sends nothing in a dry run. */
  ask(deployment: Deployment, dryRun: boolean): Promise<Requested>;
  /** For `--json`, once it is requested. Default: as of a dry run. */
  sent?(requested: Requested): object;
  /** For people, in a dry run. */
  text(requested: Requested): string;
  /** What a dry run says, beside that nothing was requested. */
  readonly dry?: string;
  /** What was requested, as a sentence. */
  done(requested: Requested): string;
  /** The action that shows what becomes of it. */
  readonly follow: readonly string[];
}

/**
 * Requests work, or with `--dry-run` says what would be requested.
 *
 * @throws UsageError for days that cannot be asked for; what `ask` throws.
 */
export async function requestWork<Requested extends object>(
  line: CommandLine,
  { ask, sent = (requested) => requested, text, dry = '', done, follow }: Work<Requested>,
): Promise<number> {
  const dryRun = line.values['dry-run'] === true;
  const { targetedCommand } = await import('../aws/target.ts');
  const requested = await withDeployment(line, async (deployment) => {
    try {
      return await ask(deployment, dryRun);
    } catch (error) {
      if (!(error instanceof SluiceError && error.code === 'SLUICE_DAYS_INVALID')) throw error;
      throw new UsageError('SLUICE_USAGE_OPTIONS', `--from, --to: ${error.detail}`);
    }
  });
  writeResult(line, dryRun ? requested : sent(requested), () => (dryRun ? text(requested) : ''));
  writeNote(
    dryRun
      ? `Nothing was requested: this is a dry run.${dry === '' ? '' : ` ${dry}`}\n`
      : `${done(requested)} \`${targetedCommand(line, follow)}\` shows the result.\n`,
  );
  return 0;
}

/** Formats what a dry run would request: a line for each dataset or export. */
export function requestedText(asked: readonly (RequestedDays & { readonly name: string })[]): string {
  return textTable(asked.map(({ name, from, to, days }) => ({ name, from, to, days })));
}
