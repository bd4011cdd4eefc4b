import { s3Errors } from '../errors.ts';

/** An element of a request body. Attributes are ignored: S3's requests have only the namespace. */
export interface ParsedElement {
  /** The name as it is written. */
  readonly name: string;
  /** Set on an element without children. */
  text: string;
  /** The elements in it, in order. */
  readonly children: ParsedElement[];
}

/** A declaration, a comment, CDATA, a tag, a text, or a `<` that begins none of them. */
const TOKEN =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)|</g;

/** An entity, or an ampersand that begins none. */
const ENTITY = /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));|&/g;

/** The entities that XML itself defines. */
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** S3's deepest request document has four levels. */
const DEPTH = 8;

/**
 * Parses a request body: elements, text, CDATA, comments and the predefined entities, which is all that S3 receives.
 * A DOCTYPE is refused, so no entity can be defined.
 *
 * @throws AwsError `MalformedXML`.
 */
export function parseXml(xml: string): ParsedElement {
  const root: ParsedElement = { name: '', text: '', children: [] };
  const open: ParsedElement[] = [root];
  for (const [token, cdata, closing, name, , empty, text] of xml.replace(/^\ufeff/, '').matchAll(TOKEN)) {
    const parent = open.at(-1) ?? root;
    if (cdata !== undefined) parent.text += cdata;
    else if (text !== undefined) parent.text += decodeEntities(text);
    else if (name !== undefined) {
      if (closing === '/') {
        if (open.length === 1 || parent.name !== name)
          throw s3Errors.malformedXml(`</${name}> closes nothing.`);
        open.pop();
        continue;
      }
      const element: ParsedElement = { name, text: '', children: [] };
      parent.children.push(element);
      if (empty !== '/') open.push(element);
      if (open.length > DEPTH) throw s3Errors.malformedXml('it is nested too deeply.');
    } else if (token === '<') {
      throw s3Errors.malformedXml('a < begins no element.');
    }
  }
  const [only, second] = root.children;
  if (open.length > 1 || only === undefined || second !== undefined || root.text.trim() !== '') {
    throw s3Errors.malformedXml('it is not one whole element.');
  }
  return only;
}

/** The text of a child; `undefined` if the child doesn't exist. */
export function childText(element: ParsedElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

/** The last character of Unicode. */
const LAST_CODE_POINT = 0x10ffff;

/** A text with the characters that its entities stand for. @throws AwsError `MalformedXML` */
function decodeEntities(text: string): string {
  return text.replace(ENTITY, (entity, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? '';
    const code = hex === undefined ? Number(decimal ?? 'NaN') : Number.parseInt(hex, 16);
    if (!(code <= LAST_CODE_POINT)) throw s3Errors.malformedXml(`${entity} is not an entity.`);
    return String.fromCodePoint(code);
  });
}
