import type { ExplainedCode } from '../../observe/explainCode.ts';
import type { FindingCode } from '../../observe/findings/catalogue.ts';
import { type Command, onlyArgument, UsageError } from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/** `sluice explain`: a code with its cause and cure. */
export const explain: Command = {
  name: 'explain',
  summary:
    'Explain a code of an answer, a log line, a failed day, quarantine or a finding: its cause and its cure.',
  takes: 'CODE',
  options: {},
  examples: ['sluice explain SLUICE_KEY_UNKNOWN'],
  async run(line) {
    const word = onlyArgument(line.positionals, 'a code: SLUICE_…');
    const explained = await explainAnyCode(word.toUpperCase());
    if (explained === null)
      throw new UsageError(
        'SLUICE_USAGE_ARGUMENTS',
        `${word}: no such code of an answer, a log or a finding. A command that fails prints its own.`,
      );
    const { code, cause, cure, section } = explained;
    writeResult<ExplainedFinding>(line, explained, () =>
      [
        `${code}: ${cause}`,
        cure,
        ...(section === null ? [] : [`See docs/operate.md, "${section}".`]),
        '',
      ].join('\n'),
    );
    return 0;
  },
};

/** A code with what it means and what to do. */
export interface ExplainedFinding extends ExplainedCode {
  /** The section of docs/operate.md; null without one. */
  readonly section: string | null;
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
