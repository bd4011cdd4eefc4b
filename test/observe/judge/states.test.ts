import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import { type Finding, findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { cases } from '../judgeCases/cases.ts';
import { seldomCases } from '../judgeCases/seldom.ts';
import { wellFacts } from '../statusFacts.ts';
import { judge } from './judge.ts';

/** What is held of findings, by the state in which they are. */
const expected: Readonly<Record<string, readonly ReturnType<typeof outline>[]>> = JSON.parse(
  readFileSync(new URL('../judgeCases/findings.json', import.meta.url), 'utf8'),
);
/** Numbers, times, codes and names of a text, in its order. */
const figuresOf = (text: string) =>
  text
    .split(/\s+/)
    .map((word) => word.replace(/^[(`.,;:%]+|[)`.,;:%]+$/g, ''))
    .filter((word) => /[\d_/]|[A-Z]{3}|\w[-.]\w/.test(word))
    .join(' ');

const TARGET = / --(?:stage prod|region eu-central-1)/g;

/** The names of the cases of its code that a finding may be of, and whether their sentences are its cause. */
function casesOf({ code, cause, cure }: Pick<Finding, 'code' | 'cause' | 'cure'>) {
  const known = Object.entries<Pick<Finding, 'cause' | 'cure'>>(findingCatalogue[code].cases);
  const cured = known.filter((one) => cure.replaceAll(TARGET, '').endsWith(one[1].cure));
  const caused = cured.filter((one) => cause.replaceAll(TARGET, '').endsWith(one[1].cause));
  const names = (caused.length > 0 ? caused : cured).map(([name]) => name);
  return { names: names.join(' or '), isCaused: caused.length > 0 };
}

/** A finding without its sentences: of these the case that they are of, and the figures of those that have some of their own. */
function outline(found: Finding) {
  const { code, severity, since, subject, title, detail, cause, judgedBy, commands } = found;
  const { names, isCaused } = casesOf(found);
  return {
    code: code.slice('SLUICE_FINDING_'.length),
    case: names,
    severity,
    since,
    ...(subject === undefined ? null : { subject }),
    title: figuresOf(title),
    detail: figuresOf(detail),
    ...(isCaused ? null : { cause: figuresOf(cause) }),
    ...(judgedBy === undefined ? null : { judgedBy }),
    commands: commands.map((command) => command.replaceAll(TARGET, '')),
  };
}

const states: readonly (readonly [string, Partial<StatusFacts>])[] = [
  ...cases,
  ...Object.entries(seldomCases),
];

/** Every part that may be unread is. */
const nothingRead: Partial<StatusFacts> = Object.fromEntries(
  Object.keys(wellFacts)
    .filter(
      (name) => !/^(stack|isLocal|at|waiting|bucketFaults|failures|faults|unknown|scannedBytes)$/.test(name),
    )
    .map((name) => [name, null]),
);

it.each(states)('sluice status tells case, times, figures and commands: %s', (what, facts) => {
  expect(judge(facts).map(outline)).toEqual(expected[what]);
});

it.each(cases)('sluice status tells it where nothing else could be read: %s', (what, facts) => {
  const codes = judge({ ...nothingRead, ...facts }).map(({ code }) => code.slice('SLUICE_FINDING_'.length));
  expect(codes).toContain(expected[what]?.[0]?.code);
});
