/** The byte that ends a line. */
export const LINE_BREAK = 0x0a;

/** Characters of a value that a message shows. */
const MAX_VALUE_LENGTH = 80;

/** A value as messages show it: as JSON, shortened if it is long; `nothing` for undefined. */
export function displayValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH - 3)}…` : text;
}

/** A name in quotes, with escapes of what nobody sees: `"\\ufefftimestamp"`. */
export function quotedName(name: string): string {
  return JSON.stringify(name).replaceAll(/[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/gu, codeUnits);
}

/** A number as sentences have it: `12,345`. */
export function numbered(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 file`, `12,345 files` */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${numbered(value)} ${value === 1 ? singular : plural}`;
}

/** `1 of 1 file`, `1,200 of 12,345 files` */
export function someOf(some: number, all: number, singular: string): string {
  return `${numbered(some)} of ${counted(all, singular)}`;
}

/** A share in words: `12.5 %`. @param digits Digits behind the point at most. Default 1. */
export function percent(share: number, digits = 1): string {
  return `${Number((share * 100).toFixed(digits))} %`;
}

/** Names that {@link listed} shows, and a command takes. */
export const MOST_NAMED = 5;

/** Names of things, the first of many: `a, b, c, d, e and 7 more`. */
export function listed(names: readonly string[], between = ', '): string {
  const more = names.length - MOST_NAMED;
  const rest = more > 0 ? ` and ${more} more` : '';
  return `${names.slice(0, MOST_NAMED).join(between)}${rest}`;
}

/** A text as a pattern that matches it, in JavaScript and in RE2. */
export function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

/** A text that may be of any length, cut with its length behind it. @param most Characters that are kept. */
export function shortText(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`;
}

/**
 * The known names that are closest to a mistyped word, by edit distance without case and leading dashes. A name that begins
 * with the word counts as one edit away. A long word may differ in more letters: in three from nine letters on.
 *
 * @returns All names at the smallest distance; none if even that is too far.
 */
export function nearestNames<Name extends string>(word: string, known: readonly Name[]): readonly Name[] {
  const bare = word.replace(/^-+/, '').toLowerCase();
  const most = 1 + Number(bare.length > 4) + Number(bare.length > 8);
  const near = known
    .map((name) => {
      const plain = name.replace(/^-+/, '').toLowerCase();
      if (bare.length > 1 && plain.startsWith(bare)) return { name, distance: bare === plain ? 0 : 1 };
      // The distance is no less than this. Names that others sent can have a million letters.
      const least = Math.abs(bare.length - plain.length);
      return { name, distance: least > most ? least : editDistance(bare, plain) };
    })
    .filter(({ distance }) => distance <= most);
  const least = Math.min(...near.map(({ distance }) => distance));
  return near.filter(({ distance }) => distance === least).map(({ name }) => name);
}

/** ` Did you mean start?`, with the names that are most similar to a word; empty if none is similar. */
export function didYouMean(word: string, known: readonly string[]): string {
  const names = nearestNames(word, known);
  return names.length === 0 ? '' : ` Did you mean ${names.join(' or ')}?`;
}

/** Letters to insert, remove or change, or neighbours to swap, to make one word of another (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let last: number[] = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const isSame = from[i - 1] === to[j - 1];
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = last;
    last = row;
  }
  return last[to.length] ?? 0;
}

/**
 * Characters that a terminal acts on, hides or reorders, so that foreign text could pass for ours: control characters
 * (C0, DEL, C1), format characters (bidirectional controls, zero-width characters, tags), line and paragraph
 * separators, lone surrogates, and all else that Unicode draws as nothing, such as fillers. A variation selector stays
 * behind an emoji, where it is usual.
 *
 * https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
 * https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
 */
const HIDDEN =
  /(?!(?<=\p{Extended_Pictographic})[\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;
/** Characters whose escape has a letter. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/**
 * Text as a terminal may show it: each {@link HIDDEN} character is an escape, `\u001b` or `\u{e0041}`. Line breaks stay: of
 * text that must be one line, {@link visibleLine}.
 */
export function visibleText(text: string): string {
  return text.replace(HIDDEN, (character) => (character === '\n' ? character : visibleCharacter(character)));
}

/** As {@link visibleText} for a value within a line: line breaks and tabs become `\n`, `\r` and `\t`. */
export function visibleLine(text: string): string {
  return text.replace(HIDDEN, visibleCharacter);
}

/**
 * JSON that is safe to print on a terminal. It parses to the same value, because hidden characters occur only in
 * strings, where `\uXXXX` means the same.
 *
 * @param indent Spaces. Default 0: one line.
 */
export function visibleJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(HIDDEN, (character) =>
    character === '\n' ? character : codeUnits(character),
  );
}

/** A hidden character as an escape. */
function visibleCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return SHORT.get(character) ?? (code > 0xffff ? `\\u{${code.toString(16)}}` : codeUnits(character));
}

/** The escapes of the code units of a character. */
function codeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    const unit = character.charCodeAt(i);
    return `\\u${unit.toString(16).padStart(4, '0')}`;
  }).join('');
}

/** Words that a POSIX shell does not change. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** Words as one line that a POSIX shell splits into the same words. */
export function shellCommand(words: readonly string[]): string {
  return words.map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
