import { notEmulated, statementError } from '../../engine/StatementError.ts';

/** A part of a pattern in JavaScript's syntax. */
interface Part {
  readonly source: string;
  /** Whether it may match nothing. */
  readonly mayBeEmpty: boolean;
  readonly hasGroups: boolean;
}

/** Java's classes of ASCII, as what is in brackets. */
const CLASSES: Readonly<Record<string, string>> = {
  d: '0-9',
  w: 'a-zA-Z_0-9',
  s: ' \\t\\n\\x0b\\f\\r',
  h: ' \\t\\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000',
  v: '\\n\\x0b\\f\\r\\x85\\u2028\\u2029',
};
const POSIX: Readonly<Record<string, string>> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  ASCII: '\\0-\\x7f',
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Punct: '!-\\/:-@\\[-`\\{-~',
  Graph: '!-~',
  Print: ' -~',
  Blank: ' \\t',
  Cntrl: '\\0-\\x1f\\x7f',
  XDigit: '0-9a-fA-F',
  Space: ' \\t\\n\\x0b\\f\\r',
};
const CONTROLS: Readonly<Record<string, string>> = {
  t: '\t',
  n: '\n',
  r: '\r',
  f: '\f',
  a: '\u0007',
  e: '\u001b',
};
const END = '(?=(?:\\r\\n|[\\n\\r\\x85\\u2028\\u2029])?(?![^]))';
const ANCHORS: Readonly<Record<string, string>> = { b: '\\b', B: '\\B', A: '(?<![^])', z: '(?![^])', Z: END };

/**
 * A pattern of Java's `Pattern` with DOTALL that must match the whole text, as RegexSerDe has it.
 * https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Pattern.html
 *
 * @param ignoreCase As CASE_INSENSITIVE does, of ASCII only.
 * @throws StatementError NOT_SUPPORTED for what JavaScript does not have, or matches otherwise;
 * HIVE_INVALID_METADATA for what is no pattern.
 */
export function javaRegex(pattern: string, ignoreCase: boolean): RegExp {
  const flags = /^\(\?[is]+\)/.exec(pattern)?.[0] ?? '';
  const parser = new Parser(pattern, flags.length, ignoreCase || flags.includes('i'));
  const { source } = parser.whole();
  try {
    return new RegExp(`^(?:${source})$`, 'us');
  } catch (error) {
    if (error instanceof SyntaxError) return invalid(pattern, error.message);
    throw error;
  }
}

function invalid(pattern: string, why: string): never {
  throw statementError(
    'HIVE_INVALID_METADATA',
    `input.regex is not a regular expression: ${why}: ${pattern}`,
  );
}

class Parser {
  readonly #pattern: string;
  readonly #characters: readonly string[];
  readonly #ignoreCase: boolean;
  #at: number;

  constructor(pattern: string, start: number, ignoreCase: boolean) {
    this.#pattern = pattern;
    this.#characters = [...pattern];
    this.#at = start;
    this.#ignoreCase = ignoreCase;
  }

  whole(): Part {
    const part = this.#alternatives();
    if (this.#at < this.#characters.length) this.#fail('Unmatched closing )');
    return part;
  }

  #fail(why: string): never {
    return invalid(this.#pattern, `${why} near index ${this.#at}`);
  }

  #refuse(what: string): never {
    throw notEmulated(`${what} in input.regex`);
  }

  #peek(text: string): boolean {
    return this.#characters.slice(this.#at, this.#at + text.length).join('') === text;
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }

  #next(): string {
    const character = this.#characters[this.#at];
    if (character === undefined) return this.#fail('The pattern ends too early');
    this.#at += 1;
    return character;
  }

  /** The text up to what follows it, which is taken, too. */
  #until(end: string): string {
    let text = '';
    while (!this.#take(end)) text += this.#next();
    return text;
  }

  #alternatives(): Part {
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    return {
      source: parts.map(({ source }) => source).join('|'),
      mayBeEmpty: parts.some(({ mayBeEmpty }) => mayBeEmpty),
      hasGroups: parts.some(({ hasGroups }) => hasGroups),
    };
  }

  #sequence(): Part {
    const parts: Part[] = [];
    while (this.#at < this.#characters.length && !this.#peek('|') && !this.#peek(')'))
      parts.push(this.#repeated());
    return {
      source: parts.map(({ source }) => source).join(''),
      mayBeEmpty: parts.every(({ mayBeEmpty }) => mayBeEmpty),
      hasGroups: parts.some(({ hasGroups }) => hasGroups),
    };
  }

  #repeated(): Part {
    const isGroup = this.#peek('(') && (!this.#peek('(?') || /^\(\?<[a-zA-Z]/.test(this.#rest(4)));
    const part = this.#atom();
    const quantifier = this.#quantifier();
    if (quantifier === undefined) return part;
    const { text, least, most, isLazy } = quantifier;
    if (/^(?:\^|\\b|\\B|\(\?<?[=!])/.test(part.source)) this.#refuse('A repeated anchor or lookaround');
    if (part.hasGroups && most === 1 && least === 0) {
      // Java takes a group that matches nothing, and JavaScript leaves it out.
      const source = isLazy ? `(?:|${part.source})` : `(?:${part.source}|)`;
      return { ...part, source, mayBeEmpty: true };
    }
    if (part.hasGroups && (!isGroup || part.mayBeEmpty || this.#isNested(part)))
      this.#refuse('A repeated group that has groups or may match nothing');
    return {
      source: `${part.source}${text}`,
      mayBeEmpty: part.mayBeEmpty || least === 0,
      hasGroups: part.hasGroups,
    };
  }

  /** Whether a group has groups: JavaScript forgets them at every repetition, and Java does not. */
  #isNested({ source }: Part): boolean {
    return /\((?!\?)/.test(source.slice(1));
  }

  #rest(count: number): string {
    return this.#characters.slice(this.#at, this.#at + count).join('');
  }

  #quantifier() {
    let [least, most] = [0, Number.POSITIVE_INFINITY];
    let text: string;
    if (this.#take('*')) text = '*';
    else if (this.#take('+')) [text, least] = ['+', 1];
    else if (this.#take('?')) [text, most] = ['?', 1];
    else if (this.#take('{')) {
      const [whole, low, comma, high] =
        /^(\d+)(,(\d*))?$/.exec(this.#until('}')) ?? this.#fail('Illegal repetition');
      text = `{${whole}}`;
      least = Number(low);
      most = comma === undefined ? least : high === '' ? most : Number(high);
    } else return undefined;
    const isLazy = this.#take('?');
    if (this.#take('+')) this.#refuse('A possessive quantifier');
    if (this.#peek('*') || this.#peek('?')) this.#fail('Dangling meta character');
    return { text: isLazy ? `${text}?` : text, least, most, isLazy };
  }

  #atom(): Part {
    if (this.#take('(')) return this.#group();
    if (this.#take('[')) return one(this.#brackets());
    if (this.#take('\\')) return this.#escape();
    if (this.#take('.')) return one('.');
    if (this.#take('^')) return nothing('^');
    if (this.#take('$')) return nothing(END);
    const character = this.#next();
    if ('*+?{'.includes(character)) this.#fail(`Dangling meta character '${character}'`);
    return one(this.#literal(character));
  }

  #group(): Part {
    let open = '(';
    let isLook = false;
    if (this.#take('?')) {
      if (this.#take(':')) open = '(?:';
      else if (this.#take('>')) this.#refuse('An atomic group');
      else {
        const look = ['=', '!', '<=', '<!'].find((sign) => this.#take(sign));
        isLook = look !== undefined;
        if (look !== undefined) open = `(?${look}`;
        else if (this.#take('<')) {
          // The name means nothing here.
          if (!/^[a-zA-Z][a-zA-Z0-9]*$/.test(this.#until('>'))) this.#fail('A group has no name');
        } else this.#refuse('Flags within the pattern');
      }
    }
    const inner = this.#alternatives();
    if (!this.#take(')')) this.#fail('Unclosed group');
    if (isLook && inner.hasGroups) this.#refuse('A group in a lookaround');
    return {
      source: `${open}${inner.source})`,
      mayBeEmpty: isLook || inner.mayBeEmpty,
      hasGroups: open === '(' || inner.hasGroups,
    };
  }

  #escape(): Part {
    const character = this.#next();
    const anchor = ANCHORS[character];
    if (anchor !== undefined) {
      if (this.#peek('{')) this.#refuse(`\\${character}{…}`);
      return nothing(anchor);
    }
    if (character === 'Q') {
      const text = this.#quoted();
      return {
        source: [...text].map((each) => this.#literal(each)).join(''),
        mayBeEmpty: text === '',
        hasGroups: false,
      };
    }
    const members = this.#classOf(character);
    if (members !== undefined) return one(members.isNegated ? `[^${members.text}]` : `[${members.text}]`);
    return one(this.#literal(this.#escaped(character)));
  }

  /** Text up to `\E`. A quantifier would be of its last character, so it is a part of its own then. */
  #quoted(): string {
    let text = '';
    while (this.#at < this.#characters.length && !this.#take('\\E')) text += this.#next();
    if (text.length > 1 && /^[*+?{]/.test(this.#rest(1))) this.#refuse('A quantifier of a quotation');
    return text;
  }

  /** A class by the letter of its escape. */
  #classOf(letter: string): { readonly text: string; readonly isNegated: boolean } | undefined {
    const isNegated = letter !== letter.toLowerCase();
    if (letter === 'p' || letter === 'P') {
      const name = this.#take('{') ? this.#until('}') : this.#next();
      const members = POSIX[name];
      // Without the case, Java's \p{Lower} has more letters.
      if (members !== undefined && !(this.#ignoreCase && /^(?:Lower|Upper)$/.test(name)))
        return { text: members, isNegated };
      if (/^[LMNPSZC][a-z]?$/.test(name) && !this.#ignoreCase) return { text: `\\p{${name}}`, isNegated };
      return this.#refuse(`The class \\${letter}{${name}}`);
    }
    const text = CLASSES[letter.toLowerCase()];
    return text === undefined ? undefined : { text, isNegated };
  }

  /** The character that an escape stands for. */
  #escaped(letter: string): string {
    const control = CONTROLS[letter];
    if (control !== undefined) return control;
    const digits = { 0: /^[0-3][0-7]{2}|^[0-7]{1,2}/, x: /^[\da-fA-F]{2}/, u: /^[\da-fA-F]{4}/ }[letter];
    if (digits !== undefined) {
      const found = digits.exec(this.#rest(4))?.[0];
      if (found === undefined) return this.#refuse(`\\${letter}${this.#rest(1)}`);
      this.#at += found.length;
      const code = Number.parseInt(found, letter === '0' ? 8 : 16);
      if (code >= 0xd800 && code <= 0xdfff) this.#refuse('Half of a character');
      return String.fromCodePoint(code);
    }
    if (/[1-9k]/.test(letter)) this.#refuse('A back reference');
    if (/[a-zA-Z]/.test(letter)) this.#refuse(`\\${letter}`);
    return letter;
  }

  /** What follows `[`. */
  #brackets(): string {
    let source = this.#take('^') ? '[^' : '[';
    const start = this.#at;
    while (this.#at === start || !this.#take(']')) {
      if (this.#peek('[')) this.#refuse('A class within a class');
      if (this.#peek('&&')) this.#refuse('An intersection of classes');
      const first = this.#member();
      if (typeof first !== 'string') {
        if (first.isNegated) source += this.#negated(first.text);
        else source += first.text;
        continue;
      }
      if (!this.#peek('-') || this.#rest(2) === '-]') {
        source += this.#range(first, first);
        continue;
      }
      if (this.#rest(2) === '-[') this.#refuse('A class within a class');
      this.#take('-');
      const last = this.#member();
      if (typeof last !== 'string' || (last.codePointAt(0) ?? 0) < (first.codePointAt(0) ?? 0))
        return this.#fail('Illegal character range');
      source += this.#range(first, last);
    }
    return `${source}]`;
  }

  /** A negated class within brackets. */
  #negated(text: string): string {
    const found = { [CLASSES.d ?? '']: '\\D', [CLASSES.w ?? '']: '\\W' }[text];
    if (found !== undefined) return found;
    if (text === CLASSES.s) return '\\0-\\x08\\x0e-\\x1f!-\\u{10ffff}';
    return this.#refuse('A negated class within a class');
  }

  #member() {
    if (!this.#take('\\')) return this.#next();
    const letter = this.#next();
    if (letter === 'Q' || letter === 'E') this.#refuse('A quotation within a class');
    return this.#classOf(letter) ?? this.#escaped(letter);
  }

  #range(first: string, last: string): string {
    const text = (low: string, high: string) => (low === high ? plain(low) : `${plain(low)}-${plain(high)}`);
    if (!this.#ignoreCase) return text(first, last);
    let source = text(first, last);
    for (const [from, to] of ['az', 'AZ']) {
      const low = first > (from ?? '') ? first : (from ?? '');
      const high = last < (to ?? '') ? last : (to ?? '');
      if (low > high) continue;
      source +=
        from === 'a'
          ? text(low.toUpperCase(), high.toUpperCase())
          : text(low.toLowerCase(), high.toLowerCase());
    }
    return source;
  }

  #literal(character: string): string {
    if (!this.#ignoreCase || !/^[a-zA-Z]$/.test(character)) return plain(character);
    return `[${character.toLowerCase()}${character.toUpperCase()}]`;
  }
}

function one(source: string): Part {
  return { source, mayBeEmpty: false, hasGroups: false };
}

function nothing(source: string): Part {
  return { source, mayBeEmpty: true, hasGroups: false };
}

/** A character as itself, within brackets and without. */
function plain(character: string): string {
  return /^\w$/.test(character) ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
