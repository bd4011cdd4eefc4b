/** An element: its name, and its text or its children. Children that are `undefined` are left out. */
export type XmlElement = readonly [name: string, content: XmlContent];
/** Content of an element: its text, or its children. */
type XmlContent = string | number | boolean | readonly (XmlElement | undefined)[];

/** The first line of a document. */
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** A document. @param namespace Its XML namespace. Default none. */
export function xmlDocument([name, content]: XmlElement, namespace?: string): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${namespace}"`;
  return `${DECLARATION}<${name}${attribute}>${xmlContent(content)}</${name}>`;
}

/** The content of an element: escaped text, or its children. */
function xmlContent(content: XmlContent): string {
  if (typeof content !== 'object') return escapeXml(String(content));
  let text = '';
  for (const child of content) {
    if (child !== undefined) text += `<${child[0]}>${xmlContent(child[1])}</${child[0]}>`;
  }
  return text;
}

/** Escapes text. XML 1.0 can't hold control characters, but they are written as references all the same, as S3 does. */
function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped.
  return text.replace(/[&<>"\u0000-\u001f\u007f\ufffe\uffff]/g, (character) => {
    if (character === '&') return '&amp;';
    if (character === '<') return '&lt;';
    if (character === '>') return '&gt;';
    if (character === '"') return '&quot;';
    return `&#x${character.charCodeAt(0).toString(16)};`;
  });
}
