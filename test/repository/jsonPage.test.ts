import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { commands } from '../../cli/main.ts';
import { routes } from '../../console/api/routes.ts';
import { finding, seenNow } from '../../observe/findings/catalogue.ts';
import { callAnswers, commandAnswers } from '../../scripts/docs/jsonPage.ts';
import { curatedTable, keptDay, loadedDay, wellDay, wellFacts } from '../observe/statusFacts.ts';

const page = readFileSync('docs/reference/json.md', 'utf8');

/** The members of each type on the page; none of a type that is no object. */
const members = new Map(
  page.split('\n### ').map((section) => {
    const [name = ''] = section.split('\n', 1);
    return [name, [...section.matchAll(/^\| `([\w.]+)\??` \|/gm)].map(([, member = '']) => member)];
  }),
);
const membersOf = (type: string) => (members.get(type) ?? []).filter((name) => !name.includes('.'));

describe('docs/reference/json.md', () => {
  it('has each command and each call that answers JSON, and their types', () => {
    expect(new Set(commandAnswers().map(({ source }) => source.replaceAll(/sluice | --\w+$/g, '')))).toEqual(
      new Set([...commands.map(({ name }) => name), 'a command that fails']),
    );
    expect(
      callAnswers()
        .map(({ source }) => source)
        .sort(),
    ).toEqual(routes.map(({ path }) => path).sort());
    for (const { types } of [...commandAnswers(), ...callAnswers()])
      for (const type of types)
        expect({ type, isWritten: members.has(type) }).toEqual({ type, isWritten: true });
  });

  it('has every member that an answer has, inherited and of schemas too', () => {
    expect(membersOf('Status').sort()).toEqual(
      [...Object.keys(wellFacts), 'found', 'isWell', 'more', 'problems'].sort(),
    );
    const answers: Readonly<Record<string, object | undefined>> = {
      DropDay: loadedDay,
      CurationState: curatedTable,
      KeptDay: keptDay,
      LastDay: wellDay,
      Finding: finding('SLUICE_FINDING_FAULTS', seenNow('1 fault')),
    };
    for (const [type, answer = {}] of Object.entries(answers))
      expect({
        type,
        unwritten: Object.keys(answer).filter((name) => !membersOf(type).includes(name)),
      }).toEqual({ type, unwritten: [] });
    expect(membersOf('MainSender')).toEqual(['key', 'sdk', 'share']);
    expect(members.get('ExplainedDay')).toEqual(expect.arrayContaining(['queued.at', 'curated.kept.rows']));
  });

  it('names no type that it does not have', () => {
    const linked = [...page.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor = '']) => anchor);
    const anchors = new Set([...members.keys()].map((name) => name.toLowerCase()));
    expect(linked.filter((anchor) => !anchors.has(anchor))).toEqual([]);
  });
});
