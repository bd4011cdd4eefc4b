/** The file of a project from which Serverless begins. */
export const SERVERLESS_YML = 'serverless.yml';
/** Files of a project that decide what is packaged. The repository counts as a project. */
export const PROJECT_FILES = [SERVERLESS_YML, 'package.json', 'tsconfig.json'] as const;
/** Variables that Serverless reads if serverless.yml says `useDotenv`: `.env`, `.env.local`. */
export const isDotenv = (name: string): boolean => /^\.env(?:\.|$)/.test(name);
/**
 * Matches files that serverless.yml includes, `${file(./settings.yml):memory}`, up to a variable in their paths. What
 * such a path with a variable leads to is not digested.
 */
export const YML_FILE = /(\$\{file\(\s*["']?)([^"',)$/][^"',)$]*)/g;
/** Matches variables of the environment that serverless.yml names: `${env:TOPIC_ARN}`. */
export const YML_ENV = /\$\{env:(\w+)/g;

/** The environment without credentials. Packaging uses no network, and without credentials it could not even by mistake. */
export function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(AWS_|SLS_|SERVERLESS_|NODE_OPTIONS$)/.test(name)),
  );
}
