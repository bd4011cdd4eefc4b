import { counted } from '../../../lib/base/text.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { finding } from '../catalogue.ts';
import type { Findings } from './place.ts';

/** Erasures that do not get complete by themselves: a finding for each reason. */
export function* openErasures({ erasures }: StatusFacts): Findings {
  for (const { why, count, since, last, left, leftCount } of erasures ?? []) {
    const key = last[0]?.key ?? '';
    const keys = last.map((erasure) => `${erasure.key}, since ${erasure.since}`);
    const versions = left.map((object) => `${object.key}, version ${object.versionId}: ${object.why}`);
    const others = count === 1 ? '' : `, and ${counted(count - 1, 'other erasure')}`;
    const titles = {
      stopped: `${counted(count, 'erasure has', 'erasures have')} not gone on, the last ${key}`,
      unsearched: `The erasure ${key} cannot search ${counted(leftCount, 'version')} of objects${others}`,
      invalid: `The record ${key} of an erasure cannot be read${others}`,
    };
    const texts = [firstOf(keys, count), ...(leftCount === 0 ? [] : [firstOf(versions, leftCount)])];
    yield finding('SLUICE_FINDING_ERASE_STOPPED', {
      case: why,
      title: titles[why],
      since,
      detail: `${texts.join('. Left: ')}.`,
    });
  }
}

/** The texts of the first of `count` things, and how many more there are: `a; b and 3 more`. */
function firstOf(texts: readonly string[], count: number): string {
  const more = count === texts.length ? '' : ` and ${count - texts.length} more`;
  return `${texts.join('; ')}${more}`;
}
