// The witnesses of the emulator: Trino on the functions of its SQL, and a simulator of IAM on policies. Needs
// Java 17 or later and Maven, and npm; what is missing is named and counts nothing. With `trino` or `iam` only this one; any other argument fails. The last line is `N passed, N failed`.
import { functionCases, queryCases } from '../trino/functionCases.ts';
import { knownDifferences } from '../trino/knownDifferences.ts';
import { tryIam } from './iam/tryIam.ts';
import { askTrino } from './trino/askTrino.ts';

/** What all witnesses have counted. */
const total = { passed: 0, failed: 0 };
/** Prints a line. */
const say = (text: string) => process.stdout.write(`${text}\n`);

/** The cases of functions that DuckDB is tested with, and what Trino must say. */
const cases: typeof queryCases = [
  ...functionCases.map(({ expression, expected }) => ({
    sql: `SELECT ${expression}`,
    expected: [[expected]],
  })),
  ...queryCases,
  ...knownDifferences.map(({ expression, trino }) => ({ sql: `SELECT ${expression}`, expected: [[trino]] })),
];
const witnesses: ReadonlyMap<string, () => void | Promise<void>> = new Map([
  ['trino', tryTrino],
  ['iam', trySimulator],
]);
const asked = process.argv.slice(2);
for (const name of asked.length === 0 ? witnesses.keys() : asked) {
  const ask = witnesses.get(name);
  if (ask === undefined) throw new Error(`${name}: expected ${[...witnesses.keys()].join(' or ')}.`);
  await ask();
}
say(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** Asks Trino for each case, and tells whether it says what the case expects. */
function tryTrino(): void {
  const given = askTrino([cases.map(({ sql }) => sql)]);
  if ('missing' in given) {
    say(`Trino is skipped: ${given.missing}.`);
    return;
  }
  const [answers = []] = given;
  for (const [index, { sql, expected }] of cases.entries()) {
    const answer = answers[index];
    const said = answer !== undefined && 'rows' in answer ? answer.rows : answer;
    tell(`${sql} is ${JSON.stringify(expected)}`, JSON.stringify(said) === JSON.stringify(expected), said);
  }
}

/** Has the simulator of IAM decide on random policies. */
async function trySimulator(): Promise<void> {
  const untried = await tryIam(tell);
  if (untried !== undefined) say(`The simulator of IAM is skipped: ${untried}.`);
}

/** Counts a case and prints it; of one that failed also what was said. */
function tell(what: string, passed: boolean, detail: unknown): void {
  total[passed ? 'passed' : 'failed'] += 1;
  say(passed ? `ok ${what}` : `not ok ${what}\n${String(JSON.stringify(detail)).slice(0, 3_000)}`);
}
