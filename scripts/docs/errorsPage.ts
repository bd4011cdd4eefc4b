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

Every error of Sluice has a stable code with a cause and a cure. The code appears in logs, on the command line, in the ledger and in \`quarantine\`. Details such as a field, an S3 key or an error message of AWS follow the cause.

Codes that are not errors: findings of [\`sluice doctor\`](doctor.md), \`SLUICE_DOCTOR_…\`, and questions of [\`sluice probe\`](aws.md), \`SLUICE_PROBE_…\`. [answers.md](answers.md) describes the responses to SDKs, [quarantine.md](quarantine.md) what happens to refused events.

## On the command line

A command that fails prints two lines on stderr: code, cause and detail, then the cure. With \`--json\`, the error is also an object on stdout. \`sluice start\` writes that object to stderr, because its only line on stdout says that it is ready:

\`\`\`json
{"error":{"code":"SLUICE_USAGE_OPTIONS","message":"The options are not valid. --prot: unknown option. Did you mean --port?","cause":"The options are not valid.","cure":"See \`sluice start --help\`."}}
\`\`\`

| exit code | meaning |
|---|---|
| 0 | success |
| 1 | failure |
| 2 | wrong use: the command line is not valid |
| 3 | success, with problems found: by a check of \`sluice doctor\`, a failed day, a row that is still refused |
| 130 | stopped by a second Ctrl-C |

Names, keys and rows from outside can contain characters that a terminal interprets, hides or reorders. All output escapes them (\`\\u001b\`, \`\\u{e0041}\`, a line break within a value as \`\\n\`). In JSON, \`\\u001b\` is the same text, so programs read the original value.
`;

const WHOSE = {
  user: 'The caller or the author of the configuration can correct it.',
  system: 'The operator of Sluice can correct it.',
} as const;

/** The complete text of docs/errors.md. */
export async function errorsPage(): Promise<string> {
  const families = await errorFamilies();
  const sections = families.map(({ file, name, about, fault, entries }) =>
    section(`\`${name}\``, `${about} ${WHOSE[fault]} (\`${file}\`)`, entries),
  );
  const rows = section(
    'Reasons of refused rows',
    `Why a row of a dataset's file is refused: the \`reason\` in its row of quarantine. ${WHOSE.user} (\`lib/drops/engine/FileError.ts\`)`,
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
/** A family in its file, with its doc comment. */
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
  /** Its doc comment, in one line. */
  readonly about: string;
  readonly fault: 'user' | 'system';
  readonly entries: Readonly<Record<string, { readonly cause: string; readonly cure: string }>>;
}

/** All error families of the code, by folder and file. @throws Error for one that is not exported, or has no doc comment. */
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
      // The example in the doc comment of defineErrorFamily is not a family.
      if (found.length !== used && !file.endsWith('/base/errors.ts'))
        throw new Error(`${file}: a family of errors is not exported, or has no comment.`);
    }
  }
  return notes;
}
