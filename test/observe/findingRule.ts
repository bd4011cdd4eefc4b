import type { Entry } from '../../observe/findings/catalogue/entry.ts';
import { type Finding, findingCatalogue } from '../../observe/findings/catalogue.ts';

/** Findings that count what came within 24 hours. */
const COUNTED = new Set(
  Object.entries<Entry>(findingCatalogue).flatMap(([code, { ofDay }]) => (ofDay === 'counted' ? [code] : [])),
);
/** The buckets that a command of AWS names. */
function bucketsOf(command: string): readonly string[] {
  const named = /s3:\/\/([^/\s']+)|--bucket ([^\s']+)|--copy-source '?([^/\s']+)/g;
  return [...command.matchAll(named)].flatMap((found) => found.slice(1).filter(Boolean));
}

/** What in a title, a cause or a cure is against the rule: a title is one sentence of fact, with since when and how many. */
export function ruleFaults({
  code,
  title,
  since,
  cause,
  cure,
  detail,
  commands,
}: Finding): readonly string[] {
  const withoutTimes = title.replaceAll(/\d{4}-\d\d-\d\d(T[\d:.]+Z)?|seen now/g, '');
  const rules = {
    'is a sentence': /^[\w\d].*\.$/.test(title) && !title.includes('. '),
    'has no backtick': !title.includes('`'),
    'is no list of what it could be': !/\bor\b|\bmost likely\b|\bmay\b(?! send)/.test(title),
    'says since when, or that it is seen now':
      since === null ? title.endsWith('seen now.') : title.includes(since),
    'says how many': /\d|\b([Nn]o|All|all|[Tt]he|was|is|could not be read)\b/.test(withoutTimes),
    'says how far back it counts': !COUNTED.has(code) || title.includes('in the last 24 hours'),
    'is short': title.length <= 260,
    'has one cause': cause !== '',
    'has one cure': cure !== '' && !/\belse\b|\botherwise\b/i.test(cure),
    'says that since when is not recorded, of a look that AWS does not answer':
      code !== 'SLUICE_FINDING_UNREADABLE' ||
      !/AWS (throttles|denies|did not answer)/.test(title) ||
      cause.includes('Since when is not recorded.'),
    'has commands of AWS on buckets of the deployment alone, as its readers may use no other': commands
      .concat(cure.split('`'))
      .filter((text) => text.startsWith('aws '))
      .every((text) => bucketsOf(text).every((bucket) => bucket === 'acme')),
    'leaves nothing to fill into a command but a label': !cure
      .split('`')
      .some((text, i) => i % 2 === 1 && / (?!LABEL\b)[A-Z]{3,}\b| …/.test(text)),
    'names nothing undefined': !/undefined|(?<!got |read )null\b|NaN|\[object/.test(
      `${title} ${detail} ${cause} ${cure}`,
    ),
  };
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [`${rule}: ${title}`]));
}
