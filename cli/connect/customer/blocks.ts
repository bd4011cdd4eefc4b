/** A part of a page, independent of how it is shown. Texts have Markdown's backticks and nothing else. */
export type Block =
  | { readonly heading: string; readonly level: 1 | 2 | 3 }
  | { readonly text: string }
  | { readonly list: readonly string[] }
  | { readonly code: string; readonly language: 'json' | 'sh' | 'js' | 'text' }
  | { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] };

/** A page as Markdown. */
export function markdownPage(blocks: readonly Block[]): string {
  return `${blocks.map(markdownBlock).join('\n\n')}\n`;
}

function markdownBlock(block: Block): string {
  if ('heading' in block) return `${'#'.repeat(block.level)} ${block.heading}`;
  if ('text' in block) return block.text;
  if ('list' in block) return block.list.map((item) => `- ${item}`).join('\n');
  if ('code' in block) return `\`\`\`${block.language}\n${block.code}\n\`\`\``;
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(block.columns), line(block.columns.map(() => '---')), ...block.rows.map(line)].join('\n');
}

/** A page as one HTML file without scripts, and without anything from elsewhere. */
export function htmlPage(title: string, blocks: readonly Block[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
pre, code { font: 0.9em ui-monospace, monospace; background: #f3f3f3; color: #111; }
pre { padding: 0.8rem; overflow-x: auto; }
table { border-collapse: collapse; }
td, th { border: 1px solid #bbb; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
</style>
${blocks.map(htmlBlock).join('\n')}
</html>
`;
}

function htmlBlock(block: Block): string {
  if ('heading' in block) return `<h${block.level}>${inline(block.heading)}</h${block.level}>`;
  if ('text' in block) return `<p>${inline(block.text)}</p>`;
  if ('list' in block) return `<ul>${block.list.map((item) => `<li>${inline(item)}</li>`).join('')}</ul>`;
  if ('code' in block) return `<pre>${escaped(block.code)}</pre>`;
  const row = (cells: readonly string[], tag: 'td' | 'th') =>
    `<tr>${cells.map((cell) => `<${tag}>${inline(cell)}</${tag}>`).join('')}</tr>`;
  return `<table>${row(block.columns, 'th')}${block.rows.map((cells) => row(cells, 'td')).join('')}</table>`;
}

function inline(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
