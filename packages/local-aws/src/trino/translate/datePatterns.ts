/** MySQL's date specifiers as `strftime` has them; those that are left out are refused. https://trino.io/docs/current/functions/datetime.html#mysql-date-functions */
const MYSQL: Readonly<Record<string, string>> = {
  a: '%a',
  b: '%b',
  c: '%-m',
  d: '%d',
  e: '%-d',
  f: '%f',
  H: '%H',
  h: '%I',
  I: '%I',
  i: '%M',
  j: '%j',
  k: '%-H',
  l: '%-I',
  M: '%B',
  m: '%m',
  p: '%p',
  r: '%I:%M:%S %p',
  S: '%S',
  s: '%S',
  T: '%H:%M:%S',
  v: '%V',
  W: '%A',
  x: '%G',
  Y: '%Y',
  y: '%y',
  '%': '%%',
};

/** Joda's pattern letters by their run. https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html */
const JODA: Readonly<Record<string, string>> = {
  yyyy: '%Y',
  YYYY: '%Y',
  y: '%Y',
  yy: '%y',
  M: '%-m',
  MM: '%m',
  MMM: '%b',
  MMMM: '%B',
  d: '%-d',
  dd: '%d',
  DDD: '%j',
  E: '%a',
  EEE: '%a',
  EEEE: '%A',
  e: '%u',
  H: '%-H',
  HH: '%H',
  h: '%-I',
  hh: '%I',
  m: '%-M',
  mm: '%M',
  s: '%-S',
  ss: '%S',
  SSS: '%g',
  SSSSSS: '%f',
  a: '%p',
  ww: '%V',
  xxxx: '%G',
  Z: '%z',
  ZZ: '%z',
};

/** `strftime`'s pattern of one of MySQL's, or undefined when it holds a specifier that isn't known. */
export function mysqlPattern(pattern: string): string | undefined {
  let known = true;
  const result = pattern.replaceAll(/%(.)?/gsu, (_, letter: string | undefined) => {
    const specifier = MYSQL[letter ?? ''];
    // Trino takes any other letter for itself, but these for specifiers that it doesn't have.
    if (specifier === undefined && /^[DUuVwX]?$/.test(letter ?? '')) known = false;
    return specifier ?? letter ?? '';
  });
  return known ? result : undefined;
}

/** `strftime`'s pattern of one of Joda's, or undefined when it holds letters that aren't known. */
export function jodaPattern(pattern: string): string | undefined {
  let known = true;
  const result = pattern.replaceAll(
    /'((?:[^']|'')*)'|([A-Za-z])\2*|%/g,
    (run: string, quoted: string | undefined) => {
      if (run === '%') return '%%';
      if (run === "''") return "'";
      if (quoted !== undefined) return quoted.replaceAll("''", "'").replaceAll('%', '%%');
      const specifier = JODA[run];
      if (specifier === undefined) known = false;
      return specifier ?? run;
    },
  );
  return known ? result : undefined;
}
