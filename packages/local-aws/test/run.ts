// `npm test -w packages/local-aws`: the suites of the emulator, then the witnesses that judge it from outside:
// witness/run.ts. With arguments, only the suites that jest selects by them. The last line is `N passed, N failed`.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const JEST = ['--disable-warning=ExperimentalWarning', 'test/run.ts'];
const args = process.argv.slice(2);
// With a seed, properties have as many cases as they ask for: test/harness/fast-check.mjs.
const parts =
  args.length > 0
    ? [[...JEST, '--emulator', ...args]]
    : [[...JEST, '--emulator'], ['packages/local-aws/test/witness/run.ts']];
const total = { passed: 0, failed: 0 };
for (const part of parts) {
  const { passed, failed, code } = await runPart(part);
  total.passed += passed;
  total.failed += failed === 0 && code !== 0 ? 1 : failed;
}
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** Runs a program of Node's, shows what it prints, and reads its closing line. */
async function runPart(words: readonly string[]) {
  const child = spawn(process.execPath, words, { stdio: ['inherit', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const counted = { passed: 0, failed: 0 };
  for await (const line of createInterface({ input: child.stdout })) {
    const [, passed, failed] = /^(\d+) passed, (\d+) failed$/.exec(line) ?? [];
    if (passed !== undefined) Object.assign(counted, { passed: Number(passed), failed: Number(failed) });
    process.stdout.write(`${line}\n`);
  }
  return { ...counted, code: await ended };
}
