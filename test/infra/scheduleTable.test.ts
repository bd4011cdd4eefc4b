import { describe, expect, it } from '@jest/globals';
import { findingCatalogue } from '../../observe/findings/catalogue.ts';
import { textOf } from '../harness/textOf.ts';
import { madeResources } from './madeResources.ts';
import { templateConfigurations } from './templateConfigurations.ts';

/** A row of the table of schedules in docs/metrics.md: its names, by column. */
interface Row {
  readonly schedule: string;
  /** Alarms on runs that are killed or fail. */
  readonly alarms: readonly string[];
  /** Codes of findings that tell of runs that do not come. */
  readonly findings: readonly string[];
}

const page = textOf('docs', 'metrics.md');
const [, section = ''] = page.split(/^## Schedules$/m);
const [ownSection = ''] = section.split(/^## /m);
const namesIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, name]) => name ?? []);
const rows = ownSection.split('\n').flatMap((line): readonly Row[] => {
  const [, name, , failed = '', absent = ''] = line.split('|');
  const [schedule] = namesIn(name ?? '');
  if (schedule === undefined) return [];
  const findings = namesIn(absent).filter((code) => code.startsWith('SLUICE_'));
  return [{ schedule, alarms: namesIn(failed), findings }];
});

const stacks = Object.values(templateConfigurations).map(
  (config) => madeResources(config).template.Resources,
);
const nameOf = (name: unknown) => String(name).replace('acme-prod-', '');

interface Scheduled {
  readonly name: string;
  /** The alarm on errors of the function that it has run; null of a rule, which nothing makes today. */
  readonly errors: string | null;
}

/** Schedules of one template. */
function schedulesOf(resources: (typeof stacks)[number]): readonly Scheduled[] {
  return Object.values(resources).flatMap(({ Type, Properties }): readonly Scheduled[] => {
    if (Type === 'AWS::Events::Rule' && 'ScheduleExpression' in Properties)
      return [{ name: nameOf(Properties['Name']), errors: null }];
    if (Type !== 'AWS::Scheduler::Schedule') return [];
    const name = nameOf(Properties['Name']);
    const [, part = name] = /"(\w+)Queue"/.exec(JSON.stringify(Object(Properties['Target']).Arn)) ?? [];
    const errors = `${part.replace(/^./, (first) => first.toUpperCase())}ErrorsAlarm`;
    return [{ name, errors: nameOf(resources[errors]?.Properties['AlarmName']) }];
  });
}

const schedules = new Map(stacks.flatMap(schedulesOf).map(({ name, errors }) => [name, errors]));

describe('the table of schedules in docs/metrics.md', () => {
  it('has one row for each schedule of the template', () => {
    expect(rows.map(({ schedule }) => schedule).sort()).toEqual([...schedules.keys()].sort());
  });

  it('names the alarm on errors of the function that each has run, and alarms of a template with that schedule', () => {
    for (const { schedule, alarms } of rows) {
      const having = stacks.filter((stack) => schedulesOf(stack).some(({ name }) => name === schedule));
      const made = having.flatMap((resources) =>
        Object.values(resources).flatMap(({ Type, Properties }) =>
          Type === 'AWS::CloudWatch::Alarm' ? [nameOf(Properties['AlarmName'])] : [],
        ),
      );
      expect({ schedule, alarms }).toEqual({
        schedule,
        alarms: expect.arrayContaining([schedules.get(schedule)]),
      });
      expect({ schedule, unmade: alarms.filter((alarm) => !made.includes(alarm)) }).toEqual({
        schedule,
        unmade: [],
      });
    }
  });

  it('names findings of the catalogue', () => {
    const known = Object.keys(findingCatalogue);
    const named = [...ownSection.matchAll(/SLUICE_FINDING_\w+/g)].map(([code]) => code);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((code) => !known.includes(code))).toEqual([]);
    expect(rows.flatMap(({ findings }) => findings).filter((code) => !known.includes(code))).toEqual([]);
  });
});
