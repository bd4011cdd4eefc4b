import { SluiceError } from '../../lib/base/errors.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import type { Deployment } from '../../observe/deployment.ts';
import type { RequestedDays } from '../../operate/requestedDays.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { type CommandLine, isDryRun, UsageError } from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { textTable } from '../terminal/tables.ts';

/** Work that a command asks functions of a deployment for. */
interface Work<Requested> {
  /** Requests the work. Sends nothing in a dry run. */
  ask(deployment: Deployment, dryRun: boolean): Promise<Requested>;
  /** The text for people, in a dry run. */
  text(requested: Requested): string;
  /** What a dry run says, beside that nothing was requested. */
  readonly dry?: string;
  /** What was requested, as a sentence. */
  done(requested: Requested): string;
  /** Words of the command that shows what becomes of it. */
  readonly follow: readonly string[];
  /** The first of the days that are asked for; undefined if the work is not of days. */
  readonly first?: UtcDay | undefined;
}

/**
 * Requests work, or with `--dry-run` says what would be requested.
 *
 * @throws UsageError for days that cannot be asked for; what `ask` throws.
 */
export async function requestWork<Requested extends object = never>(
  line: CommandLine,
  { ask, text, dry = '', done, follow, first }: Work<NoInfer<Requested>>,
): Promise<number> {
  const dryRun = isDryRun(line);
  const { targetedCommand } = await import('../aws/target.ts');
  const { daysWords } = await import('../../observe/commands.ts');
  const { requested, words } = await withDeployment(line, async (deployment) => {
    const asked = [...follow, ...daysWords(first, deployment.now)];
    try {
      return { requested: await ask(deployment, dryRun), words: asked };
    } catch (error) {
      if (!(error instanceof SluiceError && error.code === 'SLUICE_DAYS_INVALID')) throw error;
      throw new UsageError('SLUICE_USAGE_OPTIONS', `--from, --to: ${error.detail}`);
    }
  });
  writeResult<Requested>(line, requested, () => (dryRun ? text(requested) : ''));
  const hint = dry === '' ? '' : ` ${dry}`;
  writeNote(
    dryRun
      ? `Nothing was requested: this is a dry run.${hint}\n`
      : `${done(requested)} \`${targetedCommand(line, words)}\` shows the result.\n`,
  );
  return 0;
}

/** Formats what a dry run would request: a line for each dataset or export. */
export function requestedText(asked: readonly (RequestedDays & { readonly name: string })[]): string {
  return textTable(asked.map(({ name, from, to, days }) => ({ name, from, to, days })));
}
