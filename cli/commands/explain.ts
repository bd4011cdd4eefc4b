import type { ExplainedCode } from '../../observe/explainCode.ts';
import type { Finding, FindingCode } from '../../observe/findings/catalogue.ts';
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
    'Explain a code of an answer, a log line, a failed day, quarantine or a finding: its cause and its cure.',
  takes: 'CODE',
  options: { ...targetOptions },
  examples: ['sluice explain SLUICE_KEY_UNKNOWN', 'sluice explain SLUICE_FINDING_INGEST_LATE --stage prod'],
  async run(line) {
    const word = onlyArgument(line.positionals, 'a code: SLUICE_…');
    const explained = await explainAnyCode(word.toUpperCase());
    if (explained === null)
      throw new UsageError(
        'SLUICE_USAGE_ARGUMENTS',
        `${word}: no such code of an answer, a log or a finding. A command that fails prints its own.`,
      );
    const found = await casesAtHand(line, explained);
    const { findingLines } = await import('../observe/doctorText.ts');
    writeResult<ExplainedFinding>(line, found === null ? explained : { ...explained, found }, () => {
      const { code, cause, cure, section } = explained;
      const here = found ?? [];
      const none = found === null ? [] : ['`sluice status` does not find it here now.'];
      const told = here.length === 0 ? [...none, cure] : here.flatMap((one) => findingLines(one, 0));
      // A finding has its section.
      const see = section === null || here.length > 0 ? [] : [`See docs/operate.md, "${section}".`];
      return [`${code}: ${cause}`, ...told, ...see, ''].join('\n');
    });
    return 0;
  },
};

/** A code with what it means and what to do. */
export interface ExplainedFinding extends ExplainedCode {
  /** The section of docs/operate.md; null without one. */
  readonly section: string | null;
  /** What `sluice status` finds of the code in the deployment that the options name; absent without them, and of other codes. */
  readonly found?: readonly Finding[];
}

/** What a deployment has of a code; null if no option names one, and of codes that are of no finding. */
async function casesAtHand(
  line: CommandLine,
  { code }: ExplainedFinding,
): Promise<readonly Finding[] | null> {
  const isNamed = ['local', 'stage'].some((option) => line.values[option] !== undefined);
  const { findingCatalogue } = await import('../../observe/findings/catalogue.ts');
  if (!isNamed || !Object.hasOwn(findingCatalogue, code)) return null;
  const [{ withDeployment }, { readStatus }] = await Promise.all([
    import('../aws/withDeployment.ts'),
    import('../../observe/findings/status.ts'),
  ]);
  const { problems } = await withDeployment(line, readStatus);
  return problems.filter((problem) => problem.code === code);
}

/**
 * Explains a code of an answer, a log line, the ledger, quarantine, or a finding of `sluice status` and `sluice doctor`.
 *
 * @returns Null for any other code.
 */
export async function explainAnyCode(code: string): Promise<ExplainedFinding | null> {
  const [{ explainCode }, { explainFinding, findingCatalogue }] = await Promise.all([
    import('../../observe/explainCode.ts'),
    import('../../observe/findings/catalogue.ts'),
  ]);
  const isFindingCode = (text: string): text is FindingCode => Object.hasOwn(findingCatalogue, text);
  if (isFindingCode(code)) return { code, ...explainFinding(code) };
  const explained = explainCode(code);
  return explained.cause === '' ? null : { ...explained, section: null };
}
