import { targetCommands } from '../../observe/commands.ts';
import type { ExplainedFinding } from '../observe/explainedText.ts';
import {
  type Command,
  type CommandLine,
  onlyArgument,
  targetOptions,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/** `sluice explain`: a code with its cause and cure. */
export const explain: Command = {
  name: 'explain',
  summary:
    'Explain any code, as of an answer, a log line, a failed day, a finding or a command: its cause and its cure.',
  takes: 'CODE',
  options: { ...targetOptions },
  examples: ['sluice explain SLUICE_KEY_UNKNOWN', 'sluice explain SLUICE_FINDING_INGEST_LATE --stage prod'],
  async run(line) {
    const word = onlyArgument(line.positionals, 'a code: SLUICE_…');
    const explained = await explainAnyCode(word.toUpperCase());
    if (explained === null) throw new UsageError('SLUICE_USAGE_ARGUMENTS', `${word}: no such code.`);
    const cases = await casesAtHand(line, explained);
    const { explainedText } = await import('../observe/explainedText.ts');
    const cure = targetCommands(explained.cure, await placeOf(line));
    const answer = { ...explained, cure, ...cases };
    writeResult<ExplainedFinding>(line, answer, () => explainedText(answer));
    return 0;
  },
};

/** The option that names a deployment; undefined without one. An empty text names none, as for `namedTarget`. */
function namingOption({ values }: CommandLine): string | undefined {
  return Object.keys(targetOptions).find((option) => (values[option] ?? '') !== '');
}

/** Options for the commands of a cure: those of the deployment that the line names, else a placeholder. */
async function placeOf(line: CommandLine): Promise<readonly string[]> {
  if (namingOption(line) === undefined) return ['--stage', 'NAME'];
  const { commandOptions } = await import('../aws/target.ts');
  return commandOptions(line);
}

/**
 * What `sluice status` finds of a code in a deployment; nothing if no option names one.
 *
 * @throws UsageError for an option with a code that `sluice status` never finds.
 */
async function casesAtHand(
  line: CommandLine,
  { code }: ExplainedFinding,
): Promise<Pick<ExplainedFinding, 'found' | 'more'>> {
  const named = namingOption(line);
  if (named === undefined) return {};
  const { findingCatalogue, isFindingCode } = await import('../../observe/findings/catalogue.ts');
  if (!isFindingCode(code))
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--${named}: ${code} is not the code of a finding.`);
  if (findingCatalogue[code].part === null)
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--${named}: only \`sluice doctor\` looks for ${code}.`);
  const [{ withDeployment }, { readStatus }] = await Promise.all([
    import('../aws/withDeployment.ts'),
    import('../../observe/findings/status.ts'),
  ]);
  const { problems, more } = await withDeployment(line, readStatus);
  return { found: problems.filter((problem) => problem.code === code), more: more[code] ?? 0 };
}

/**
 * Explains a code of an answer, a log line, the ledger, quarantine, a command, or a finding of `sluice status` and `sluice doctor`.
 *
 * @returns Null for any other code.
 */
export async function explainAnyCode(code: string): Promise<ExplainedFinding | null> {
  const [{ explainCode }, { explainFinding, isFindingCode }] = await Promise.all([
    import('../../observe/explainCode.ts'),
    import('../../observe/findings/catalogue.ts'),
  ]);
  if (isFindingCode(code)) return { code, ...explainFinding(code) };
  const explained = explainCode(code);
  if (explained !== undefined) return { ...explained, section: null };
  const { commandErrors } = await import('./commandErrors.ts');
  const entry = (await commandErrors()).get(code);
  return entry === undefined ? null : { code, cause: entry.cause, cure: entry.cure, section: null };
}
