// Forms that texts have by mistake. The patterns are read alike by JavaScript, by the regular expressions of Java in
// Athena, and by those of RE2 in DuckDB: they have characters in place of escapes, and no look around.

/** A form of texts that most texts have not. */
interface TextForm {
  /** What such texts have, in words. */
  readonly words: string;
  /** A regular expression that matches some part of such a text. */
  readonly pattern: string;
}

/**
 * Signs of Latin-1, also its control characters, and of Windows-1252 that follow no letter in a word, as the second
 * byte of a letter of UTF-8 is read: `¼` of `Ã¼`.
 */
const SIGN = '[\u0080-\u009f¡-ª¬-º¼-¿€‚ƒ„†‡ˆ‰ŠŒŽ•˜™š›œžŸ]';
/** The same with signs that stand between words. */
const SIGN_OR_QUOTE = '[\u0080-\u009f¡-¿€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]';

/**
 * The last part of a domain: of a country, but for the endings of files `gz`, `js` and `ts`, or one of those that
 * persons have most.
 */
const TOP_LEVEL =
  '(?:[A-FH-IK-SU-Za-fh-ik-su-z][A-Za-z]|[gG][A-Ya-y]|[jJtT][A-RT-Za-rt-z]|com|net|org|edu|gov|info|biz|app|dev|email|example|online|shop|store)';

/** The forms, by their name. Of a text that has several the first counts. */
export const TEXT_FORMS = {
  mojibake: {
    words: 'texts in UTF-8 that were read as Latin-1',
    // Two bytes of a letter with an accent; of two letters of other alphabets; a quote; two letters of three bytes each.
    pattern: `[ÂÃ]${SIGN}|(?:[Â-ß]${SIGN_OR_QUOTE}){2}|â€|(?:[ã-é]${SIGN_OR_QUOTE}{2}){2}`,
  },
  email: {
    words: 'e-mail addresses',
    // One that begins after a sign which stands before words: what follows `mailto:`, `://` and a password is none of a person, as
    // `git@github.com:a/b.git`. `logo@2x.png` and `react@18.2.0` are none, nor are numbers of phones, as
    // `49170@s.whatsapp.net`.
    pattern: `(?:^|[ "<(,;=])[0-9._%+-]*[A-Za-z][A-Za-z0-9._%+-]*@(?:[A-Za-z]|[0-9]{3})[A-Za-z0-9.-]*[.]${TOP_LEVEL}(?:[.]?[^A-Za-z0-9_:/@.-]|[.]?$)`,
  },
} as const satisfies Readonly<Record<string, TextForm>>;

/** Name of a form of texts. */
export type TextFormName = keyof typeof TEXT_FORMS;

/**
 * A form is news from this share of the texts on, and if less than `before` had it. Fewer texts than `texts` say
 * nothing.
 */
export const NEW_TEXT_FORM = { before: 0.01, now: 0.05, texts: 10 } as const;
