import { isUtcDay, type UtcDay } from '../../base/time.ts';

/** How keys below a folder look: a glob with a day in it. */
export interface Layout {
  /** The day of a path; null for a path that does not match, or whose day does not exist. */
  dayOf(path: string): UtcDay | null;
  /** Prefix of all paths of a day. */
  prefixOf(day: UtcDay): string;
  /** A path of a day. */
  exampleOf(day: UtcDay): string;
}

/** Wildcards and the parts of a day. `**` is followed by a slash, or ends the glob. */
const TOKEN = /(\*\*\/|\*\*$|\*|YYYY|MM|DD)/;
const PATTERNS: Readonly<Record<string, string>> = {
  '**/': '(?:[^/]+/)*',
  '**': '.*',
  '*': '[^/]*',
  YYYY: '(?<year>\\d{4})',
  MM: '(?<month>\\d{2})',
  DD: '(?<day>\\d{2})',
};
const EXAMPLES: Readonly<Record<string, string>> = { '**/': '', '**': 'example.parquet', '*': 'example' };

/** Parses a glob such as `YYYY/MM/DD/*.parquet`; if it is not valid, returns what was expected, in words. */
export function parseLayout(text: string): Layout | string {
  const parts = text.split(TOKEN).filter((part) => part !== '');
  const count = (token: string) => parts.filter((part) => part === token).length;
  if (['YYYY', 'MM', 'DD'].some((token) => count(token) !== 1))
    return 'a glob with YYYY, MM and DD, each once: YYYY/MM/DD/*.parquet';
  // Control characters, and what means something else in other globs.
  if (/[?[\]{}\\\p{Cc}]|^\/|\/\/|(^|\/)\.\.?(\/|$)/u.test(text))
    return 'a path without ? [ ] { } and \\, no slash in front, no part of it empty, . or ..';
  if (text.split('/').some((name) => name.includes('**') && name !== '**'))
    return '* for a part of a name, **/ for any folders, or ** at the end';
  const pattern = new RegExp(
    `^${parts.map((part) => PATTERNS[part] ?? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('')}$`,
    'u',
  );
  const wildcard = parts.findIndex((part) => part.includes('*'));
  const fixed = wildcard < 0 ? parts : parts.slice(0, wildcard);
  const filled = (some: readonly string[], day: UtcDay, wildcards: Readonly<Record<string, string>>) => {
    const [YYYY = '', MM = '', DD = ''] = day.split('-');
    return some.map((part) => ({ YYYY, MM, DD, ...wildcards })[part] ?? part).join('');
  };
  return {
    dayOf(path) {
      const { year = '', month = '', day = '' } = pattern.exec(path)?.groups ?? {};
      const found = `${year}-${month}-${day}`;
      return isUtcDay(found) ? found : null;
    },
    prefixOf: (day) => filled(fixed, day, {}),
    exampleOf: (day) => filled(parts, day, EXAMPLES),
  };
}
