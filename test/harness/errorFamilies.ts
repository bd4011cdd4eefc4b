import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { projectRoot } from '../../local/roots.ts';
// Sets the codes and cures of the emulator's errors.
import '../../local/errors.ts';
import { textOf } from './textOf.ts';

/** Folders whose code may define errors. */
const FOLDERS = '{lib,functions,infra,observe,operate,console,cli,local,packages}';
/** A family in its file, with its doc comment. */
const DEFINITION = /\*\/\nexport const (\w+) = defineErrorFamily\(/g;

const entriesSchema = z.record(
  z.string(),
  z.strictObject({ cause: z.string(), cure: z.string(), repeats: z.string().optional() }),
);

/** The errors of one area, as `defineErrorFamily` was given them. */
interface ErrorFamilyNote {
  /** Where it is defined, from the repository's root. */
  readonly file: string;
  /** Name of the class, e.g. `SourceError`. */
  readonly name: string;
  /** Its codes, each with the cause and the cure that people read. */
  readonly entries: Readonly<Record<string, { readonly cause: string; readonly cure: string }>>;
}

/** All error families of the code. @throws Error for one that is not exported, or has no doc comment. */
export async function errorFamilies(): Promise<readonly ErrorFamilyNote[]> {
  const families: ErrorFamilyNote[] = [];
  for (const file of globSync(`${FOLDERS}/**/*.ts`, { cwd: projectRoot, exclude: ['**/node_modules'] })) {
    const text = textOf(file);
    const used = text.split('= defineErrorFamily(').length - 1;
    if (used === 0) continue;
    const found = [...text.matchAll(DEFINITION)];
    const exported: unknown = await import(pathToFileURL(join(projectRoot, file)).href);
    for (const [, name = ''] of found) {
      const family: unknown = Reflect.get(Object(exported), name);
      families.push({ file, name, entries: entriesSchema.parse(Reflect.get(Object(family), 'entries')) });
    }
    // The example in the doc comment of defineErrorFamily is not a family.
    if (found.length !== used && !file.endsWith('/base/errors.ts'))
      throw new Error(`${file}: a family of errors is not exported, or has no comment.`);
  }
  return families;
}
