import { createInterface, type ReadLineOptions } from 'node:readline';

/**
 * Asks at the terminal whether to go on: only a yes is one. Ctrl-C, Ctrl-D and the end of what is piped in are a no.
 *
 * @param question Without the answers that it takes.
 * @param streams What is read and written; default this process's input and errors.
 */
export function confirm(
  question: string,
  streams: Pick<ReadLineOptions, 'input' | 'output'> = { input: process.stdin, output: process.stderr },
): Promise<boolean> {
  const questions = createInterface(streams);
  return new Promise((resolve) => {
    questions.once('close', () => resolve(false));
    questions.question(`\n${question} [y/N] `, (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()));
      questions.close();
    });
  });
}
