// The witnesses of the emulator: Trino on the functions and types of its SQL, and a simulator of IAM on policies. Needs
// Java 17 or later and Maven, and npm; what is missing is named and counts nothing. With `trino` or `iam` only this one. The last line is `N passed, N failed`.
import { expectedCalls, functionNames } from '../../src/trino/index.ts';
import { failingQueries } from '../trino/failureCases.ts';
import { functionCases, queryCases } from '../trino/functionCases.ts';
import { knownDifferences } from '../trino/knownDifferences.ts';
import { refusedTypes, takenTypes } from '../trino/typeCases.ts';
import { tryIam } from './iam/tryIam.ts';
import { type Answer, askTrino } from './trino/askTrino.ts';

const total = { passed: 0, failed: 0 };
const say = (text: string) => process.stdout.write(`${text}\n`);

/** The cases of functions that DuckDB is tested with, and what Trino must say. */
const cases: readonly (readonly [sql: string, rows: readonly (readonly (string | null)[])[]])[] = [
  ...functionCases.map(([expression, value]) => [`SELECT ${expression}`, [[value]]] as const),
  ...queryCases,
  ...knownDifferences.flatMap((known) =>
    known.cases.map(({ expression, trino }) => [`SELECT ${expression}`, [[trino]]] as const),
  ),
];
/** Queries that Trino refuses, in the order of their reasons, and then those that it takes. */
const refused = [...refusedTypes, ...failingQueries];
const typed = [...refused.map(([sql]) => sql), ...takenTypes];
/** Functions whose signatures are written down, each called with what none takes: the error lists what it does. */
const called = [...functionNames.keys()].filter((name) => expectedCalls(name) !== '');
const miscalls = called.map(
  (name) => `SELECT ${name}(${Array.from({ length: 11 }, () => 'CAST(NULL AS HyperLogLog)').join(', ')})`,
);

const asked = process.argv.slice(2);
const isAsked = (name: string) => asked.length === 0 || asked.includes(name);
if (isAsked('trino')) tryTrino();
if (isAsked('iam')) {
  const untried = await tryIam(tell);
  if (untried !== undefined) say(`The simulator of IAM is skipped: ${untried}.`);
}
say(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

function tryTrino(): void {
  const given = askTrino([[...cases.map(([sql]) => sql), ...typed, ...miscalls]]);
  if ('missing' in given) {
    say(`Trino is skipped: ${given.missing}.`);
    return;
  }
  const [answers = []] = given;
  for (const [index, [sql, wanted]] of cases.entries()) {
    const answer = answers[index];
    const said = answer !== undefined && 'rows' in answer ? answer.rows : answer;
    tell(`${sql} is ${JSON.stringify(wanted)}`, JSON.stringify(said) === JSON.stringify(wanted), said);
  }
  judgeTypes(answers.slice(cases.length));
  judgeSignatures(answers.slice(-miscalls.length));
}

/** Whether functions take what `signatures.ts` says. */
function judgeSignatures(given: readonly Answer[]): void {
  for (const [index, name] of called.entries()) {
    const answer = given[index];
    const failed = answer !== undefined && 'failed' in answer ? answer.failed : '';
    tell(`${name} has its signatures`, failed.endsWith(`Expected: ${expectedCalls(name)}`), answer);
  }
}

/** Whether Trino refuses the same queries, in the same words. */
function judgeTypes(given: readonly Answer[]): void {
  for (const [index, sql] of typed.entries()) {
    const answer = given[index];
    const failed = answer !== undefined && 'failed' in answer ? answer.failed : undefined;
    const wanted = refused[index]?.[1].replace(/^\w+: /, '');
    tell(`${sql} is ${wanted === undefined ? 'taken' : 'refused'}`, failed === wanted, answer);
  }
}

function tell(what: string, passed: boolean, detail: unknown): void {
  total[passed ? 'passed' : 'failed'] += 1;
  say(passed ? `ok ${what}` : `not ok ${what}\n${JSON.stringify(detail).slice(0, 3_000)}`);
}
