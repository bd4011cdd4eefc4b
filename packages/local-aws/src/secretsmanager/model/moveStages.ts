import { CURRENT, PREVIOUS, type SecretVersion } from './Secret.ts';

/**
 * Moves staging labels to a version, from whichever has them. Where `AWSCURRENT` moves, `AWSPREVIOUS` follows to
 * the version that it left.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 *
 * @param to Undefined takes the labels away.
 */
export function moveStages(
  versions: readonly SecretVersion[],
  moved: readonly string[],
  to: string | undefined,
): SecretVersion[] {
  const left = moved.includes(CURRENT)
    ? versions.find(({ stages, id }) => stages.includes(CURRENT) && id !== to)
    : undefined;
  const taken = new Set(left === undefined ? moved : [...moved, PREVIOUS]);
  return versions.map((version) => {
    const kept = version.stages.filter((stage) => !taken.has(stage));
    const given = version.id === to ? moved : [];
    const followed = version.id === left?.id ? [PREVIOUS] : [];
    return { ...version, stages: [...new Set([...kept, ...given, ...followed])] };
  });
}

/** Removes the oldest versions that no label is on, down to `most`. */
export function dropDeprecated(versions: readonly SecretVersion[], most: number): SecretVersion[] {
  let surplus = versions.length - most;
  return versions.filter(({ stages }) => {
    if (surplus <= 0 || stages.length > 0) return true;
    surplus -= 1;
    return false;
  });
}
