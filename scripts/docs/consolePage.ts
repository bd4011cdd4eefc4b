import type * as z from 'zod';
import { routes } from '../../console/api/routes.ts';
import { asReference } from './asReference.ts';

/** docs/reference/console.md, in whole. */
export function consoleApiPage(): string {
  return asReference(`# The console's API

<!-- Made by \`npm run docs\` from console/ and scripts/docs: edit those. -->

Calls answer JSON. Bodies are JSON, with \`content-type: application/json\`. With a token, send \`Authorization: Bearer …\`. A list has \`next\`, null at its end: it is the \`cursor\` of the next page. An error is \`{"error":{"code","message","cause","cure"}}\` with a status of 400, 401, 403, 404 or 500 ([errors.md](reference/errors.md)). A call that nobody waits for any longer is cancelled.

\`\`\`sh
curl 'http://127.0.0.1:4701/api/deployment'
\`\`\`

| call | answers | parameters |
|---|---|---|
${routes.map((one) => `| \`${one.method} ${one.path}\`${one.writes ? ', writes' : ''}${one.localOnly ? ', local cloud only' : ''} | ${one.summary} | ${parametersOf(one.query, one.body)} |`).join('\n')}
`);
}

function parametersOf(...schemas: readonly (z.ZodObject | undefined)[]): string {
  const names = schemas.flatMap((schema) => Object.keys(schema?.shape ?? {}).map((name) => `\`${name}\``));
  return names.length === 0 ? '' : names.join(', ');
}
