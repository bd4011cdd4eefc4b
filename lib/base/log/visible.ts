/**
 * What a terminal acts on, hides or reorders, so that text of somebody else's could pass for ours: control characters (C0,
 * DEL, C1), format characters (bidirectional controls, zero-width characters, tags), line and paragraph separators, lone
 * surrogates, and all else that Unicode draws as nothing, such as fillers. A variation selector stays behind an emoji, where
 * it is usual.
 *
 * https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
 * https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
 */
const HIDDEN =
  /(?!(?<=\p{Extended_Pictographic})[\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;
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

/** The same of a value within a line: line breaks and tabs are `\n`, `\r` and `\t`. */
export function visibleLine(text: string): string {
  return text.replace(HIDDEN, visibleCharacter);
}

/**
 * JSON that a terminal may show, too: equal for whoever parses it, as hidden characters are in strings only, where
 * `\uXXXX` means the same.
 *
 * @param indent Spaces. Default 0: one line.
 */
export function visibleJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(HIDDEN, (character) =>
    character === '\n' ? character : codeUnits(character),
  );
}

function visibleCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return SHORT.get(character) ?? (code > 0xffff ? `\\u{${code.toString(16)}}` : codeUnits(character));
}

function codeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    const unit = character.charCodeAt(i);
    return `\\u${unit.toString(16).padStart(4, '0')}`;
  }).join('');
}
