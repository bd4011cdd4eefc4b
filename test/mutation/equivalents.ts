import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { repositoryRoot } from '../../local/dataDirectory.ts';

/** One change of one place. */
export interface Mutant {
  /** From the root. */
  readonly file: string;
  /** The source line where it begins, without its indentation. */
  readonly line: string;
  /** Stryker's name for the kind of change. */
  readonly mutatorName: string;
  readonly replacement: string;
}

const equivalentsSchema = z.array(
  z.strictObject({
    file: z.string(),
    line: z.string(),
    mutatorName: z.string(),
    replacement: z.string(),
    /** Why no test can notice the change. */
    why: z.string().min(20),
  }),
);

/** One mutant as a text, the same after lines were moved. */
export function describeMutant({ file, line, mutatorName, replacement }: Mutant): string {
  return JSON.stringify([file, line, mutatorName, replacement]);
}

/** The mutants listed in test/mutation/equivalent.json. */
export function readEquivalents(): ReadonlySet<string> {
  const file = join(repositoryRoot, 'test', 'mutation', 'equivalent.json');
  return new Set(equivalentsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).map(describeMutant));
}
