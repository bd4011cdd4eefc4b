import { createInterface } from 'node:readline/promises';

/** Asks at the terminal, and goes on only with a yes. @param question Without the answers that it takes. */
export async function isWanted(question: string): Promise<boolean> {
  const questions = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await questions.question(`\n${question} [y/N] `)).trim());
  } finally {
    questions.close();
  }
}
