import { findingCatalogue } from '../../observe/findings/catalogue.ts';
import { asReference } from './asReference.ts';

/** docs/reference/findings.md, in whole. */
export function findingsPage(): string {
  const rows = Object.entries(findingCatalogue).map(
    ([code, { severity, cause }]) => `| \`${code}\` | ${severity} | ${cause} |`,
  );
  return asReference(`# Findings

<!-- Made by \`npm run docs\` from observe/findings: edit that. -->

What \`sluice status\` and \`sluice doctor\` can find. Both print the cure, with commands, and the section of [operate.md](operate.md); \`npx sluice explain CODE\` prints it for one. \`problem\`: something does not work, is not safe, or could not be checked. \`warning\`: it works, and should be improved. \`unchecked\`: the check does not apply here.

| code | | what it means |
|---|---|---|
${rows.join('\n')}
`);
}
