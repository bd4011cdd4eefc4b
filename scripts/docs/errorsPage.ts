import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { rowReasons } from '../../lib/drops/engine/FileError.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
// Sets the codes and cures of the emulator's errors.
import '../../local/errors.ts';

const HEAD = `# Errors

<!-- Made by \`npm run docs\` from every family of errors in the code: edit those. -->

Every error of Sluice has a code that stays the same, with its cause and its cure, in logs, on the command line, in the ledger and in \`quarantine\`. What is at hand, such as a field, a key in S3 or AWS's own answer, follows the cause as its detail.

Codes that are no errors: what [\`sluice doctor\`](doctor.md) finds, \`SLUICE_DOCTOR_…\`; what [\`sluice probe\`](aws.md) asks AWS, \`SLUICE_PROBE_…\`. What SDKs are answered with is in [answers.md](answers.md), what becomes of refused events in [quarantine.md](quarantine.md).

## On the command line

A command that fails says so on stderr, in two lines: code, cause and detail; then the cure. With \`--json\` the error is also an object on stdout (of \`sluice start\`, whose only line on stdout says that it is ready, an object on stderr instead):

\`\`\`json
{"error":{"code":"SLUICE_USAGE_OPTIONS","message":"The options are not understood. --prot: there is no such option. Did you mean --port?","cause":"The options are not understood.","cure":"See \`sluice start --help\`."}}
\`\`\`

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | wrong use: the command line is not understood |
| 3 | done, and it found problems: a check of \`sluice doctor\`, a failed day, a row that is still refused |
| 130 | stopped by a second Ctrl-C |

Names, keys and rows of other people may hold characters that a terminal acts on, hides or reorders. All output shows them as escapes (\`\\u001b\`, \`\\u{e0041}\`, a line break within a value as \`\\n\`); in JSON, where \`\\u001b\` is the same text, nothing changes for the program that reads it.
`;

const WHOSE = {
  user: 'The caller, or whoever wrote the configuration, can correct it.',
  system: 'Whoever operates Sluice can correct it.',
} as const;

/** docs/errors.md, in whole. */
export async function errorsPage(): Promise<string> {
  const families = await errorFamilies();
  const sections = families.map(({ file, name, about, fault, entries }) =>
    section(`\`${name}\``, `${about} ${WHOSE[fault]} (\`${file}\`)`, entries),
  );
  const rows = section(
    'Reasons of refused rows',
    `Why a row of a dataset's file is refused: the \`reason\` that it has in quarantine. ${WHOSE.user} (\`lib/drops/engine/FileError.ts\`)`,
    rowReasons,
  );
  return [HEAD, ...sections, rows].join('\n');
}

function section(
  title: string,
  about: string,
  entries: Readonly<Record<string, { readonly cause: string; readonly cure: string }>>,
): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const rows = Object.entries(entries).map(
    ([code, { cause, cure }]) => `| \`${code}\` | ${cell(cause)} | ${cell(cure)} |`,
  );
  return [`## ${title}`, '', about, '', '| code | cause | cure |', '|---|---|---|', ...rows, ''].join('\n');
}

/** Folders whose code may define errors, in the order of docs/errors.md. */
const FOLDERS = ['lib', 'functions', 'infra', 'cli', 'local', 'packages'];
/** A family as it stands in its file, with the comment on it. */
const DEFINITION = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport const (\w+) = defineErrorFamily\(/g;

const family = z
  .custom<object>((value) => typeof value === 'function')
  .transform((value) => ({ entries: Reflect.get(value, 'entries'), fault: Reflect.get(value, 'fault') }))
  .pipe(
    z.object({
      entries: z.record(z.string(), z.strictObject({ cause: z.string(), cure: z.string() })),
      fault: z.enum(['user', 'system']),
    }),
  );

/** The errors of one area, as {@link defineErrorFamily} was given them. */
export interface ErrorFamilyNote {
  /** Where it is defined, from the repository's root. */
  readonly file: string;
  /** Of the class, e.g. `SourceError`. */
  readonly name: string;
  /** The comment on it, in one line. */
  readonly about: string;
  readonly fault: 'user' | 'system';
  readonly entries: Readonly<Record<string, { readonly cause: string; readonly cure: string }>>;
}

/** Every family of errors that the code defines, by folder and file. @throws Error for one that is not exported, or has no comment. */
export async function errorFamilies(): Promise<readonly ErrorFamilyNote[]> {
  const notes: ErrorFamilyNote[] = [];
  for (const folder of FOLDERS) {
    for (const file of globSync(`${folder}/**/*.ts`, { cwd: repositoryRoot }).toSorted()) {
      const text = readFileSync(join(repositoryRoot, file), 'utf8');
      const used = [...text.matchAll(/= defineErrorFamily\(/g)].length;
      if (used === 0) continue;
      const found = [...text.matchAll(DEFINITION)];
      const exported: unknown = await import(pathToFileURL(join(repositoryRoot, file)).href);
      for (const [, comment = '', name = ''] of found) {
        const about = comment.replace(/\n \*/g, ' ').replace(/\s+/g, ' ').trim();
        notes.push({ file, name, about, ...family.parse(Reflect.get(Object(exported), name)) });
      }
      // The example in the comment of defineErrorFamily itself is no family.
      if (found.length !== used && !file.endsWith('/base/errors.ts'))
        throw new Error(`${file}: a family of errors is not exported, or has no comment.`);
    }
  }
  return notes;
}
