import { assertNoArguments, type Command, UsageError } from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/** `sluice explain`: a code with its cause and cure. */
export const explain: Command = {
  name: 'explain',
  summary:
    'Explain a code of an answer, a log line, a failed day, quarantine or a finding: its cause and its cure.',
  usage: 'sluice explain CODE [--json]',
  options: { json: { type: 'boolean', help: 'print one object' } },
  examples: ['sluice explain SLUICE_KEY_UNKNOWN', 'sluice explain SLUICE_FINDING_LANDING_LATE'],
  async run(line) {
    const [word, ...more] = line.positionals;
    if (word === undefined) throw new UsageError('SLUICE_USAGE_ARGUMENTS', 'Expected a code: SLUICE_….');
    assertNoArguments(more);
    const { explainAnyCode } = await import('../../observe/explainCode.ts');
    const explained = explainAnyCode(word.toUpperCase());
    if (explained === null)
      throw new UsageError(
        'SLUICE_USAGE_ARGUMENTS',
        `${word}: no such code of an answer, a log or a finding. A command that fails prints its own.`,
      );
    const { code, cause, cure, section } = explained;
    writeResult(line, explained, () =>
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
