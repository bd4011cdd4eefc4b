// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of Serverless and GitHub
import { PACKAGE_NAME } from '../../lib/base/version.ts';

/** The release of Serverless's free fork that Sluice is tested with: that of the repository's package.json. */
export const SERVERLESS = 'npm:osls@4.3.1';

/** The settings of a new project. */
export interface ProjectSettings {
  /** Of the folder, the npm package and the names in AWS. */
  readonly name: string;
  /** Where npm takes Sluice from: a version, or the place of a tarball. */
  readonly from: string;
}

/** The files of a new project, by their paths. */
export function projectFiles(settings: ProjectSettings): Readonly<Record<string, string>> {
  return {
    'package.json': manifest(settings),
    'sluice.config.ts': configuration(settings),
    'serverless.yml': SERVERLESS_YML,
    'tsconfig.json': TSCONFIG,
    '.github/workflows/sluice.yml': WORKFLOW,
    '.gitignore': GITIGNORE,
    'README.md': readme(settings),
  };
}

function manifest({ name, from }: ProjectSettings): string {
  const content = {
    name,
    private: true,
    type: 'module',
    engines: { node: '>=24' },
    scripts: {
      start: 'sluice start',
      test: 'sluice test',
      package: 'serverless package',
      deploy: 'serverless deploy',
    },
    dependencies: { [PACKAGE_NAME]: from, serverless: SERVERLESS },
    // npm runs install scripts of these alone: the bundler's own, and that of Node where a project has one of its own.
    allowScripts: { esbuild: true, node: true, '@parcel/watcher': false, 'es5-ext': false },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function configuration({ name }: ProjectSettings): string {
  const database = name.replaceAll('-', '_');
  return `import { defineConfig } from '${PACKAGE_NAME}';

// The configuration of the deployment. Hover over a field to see what it does; docs/reference/configuration.md of the package lists them all.
export default defineConfig(
  ({ stage }) => {
    const isProd = stage === 'prod';
    // Names in SQL have underscores.
    const suffix = stage.replaceAll('-', '_');
    return {
      // The bucket that everything lands in. Names of buckets are global: choose one that nobody else has.
      bucket: \`${name}-\${stage}\`,
      region: 'us-east-1',

      // Every stage has its own: two stages may share an account, but not these.
      database: \`${database}_\${suffix}\`,
      athena: { workgroup: \`${name}-\${stage}\`, stagingDatabase: \`${database}_staging_\${suffix}\` },

      // An SNS topic that wakes somebody, by its ARN. Without one nobody is notified of alarms. To make one with a
      // mail address, which AWS asks to confirm:
      //   aws sns create-topic --name on-call
      //   aws sns subscribe --topic-arn <ARN> --protocol email --notification-endpoint you@example.com
      alarms: { topicArn: null },

      // Who may send: SDK keys in Secrets Manager. After the first deployment: npx sluice keys add web --stage dev
      keysInSecret: true,

      // Unit IDs of your users beside Statsig's user ID and stable ID: a column for each.
      // unitIds: { companyID: 'company_id' },

      // Names of your experiments and of all your holdouts, which SDKs of browsers send hashed. Without the list of holdouts,
      // units in one count as another group; [] means no holdouts. \`npx sluice groups pull\` reads both.
      // experiments: ['checkout_button'],
      // holdouts: ['spring_holdout'],

      // Days that are over, without resends and sorted: queries read a fraction of the bytes.
      curate: isProd,

      // Who reads, each with a role or user of its own: docs/readers.md. Names that stages may not share end with the stage.
      // readers: [
      //   { kind: 'statsig', name: 'statsig', principal: '<account of Statsig>', externalId: '<of Statsig>' },
      //   { kind: 'owox', name: 'owox', resultsBucket: \`${name}-owox-\${stage}\`, ownDatabase: \`owox_\${suffix}\` },
      //   { kind: 'metabase', name: 'metabase' },
      // ],

      // Customers who drop Parquet files in a bucket of theirs: docs/ingest.md. Then: npx sluice connect customer acme
      // sources: [
      //   { name: 'acme', bucket: 'acme-drops', owner: '<their account>', datasets: [{ name: 'events', kind: 'events' }] },
      // ],
    };
  },
  { stages: ['dev', 'prod'] },
);
`;
}

const SERVERLESS_YML = `# Functions, triggers and resources come from the plugin, made from sluice.config.ts. A setting of the Serverless Framework
# here takes precedence over the plugin's: docs/project.md of the package.
service: sluice
configValidationMode: error

plugins:
  - '${PACKAGE_NAME}/serverless'

provider:
  name: aws
  stage: \${opt:stage, 'dev'}
`;

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2024",
    "module": "nodenext",
    "types": [],
    "strict": true,
    "noEmit": true,
    "skipLibCheck": true
  },
  "include": ["*.ts"]
}
`;

const WORKFLOW = `# Tests and packages every change. Deploys what is on main to dev, and to prod when somebody starts the workflow by hand.
# The role trusts one environment of this repository and needs no access keys: "From GitHub Actions" in docs/deploy.md of the
# package. Each environment has the variables AWS_ROLE_ARN and AWS_REGION, the secret SLUICE_PACKAGE_KEY (any long random text),
# and with privacy.salt the secret SLUICE_SALT.
name: sluice
on:
  pull_request:
  push:
    branches: [main]
  workflow_dispatch:
    inputs:
      stage:
        type: choice
        options: [dev, prod]

permissions:
  contents: read

jobs:
  test:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    env:
      # Part of the bundles where privacy.salt is process.env.SLUICE_SALT: the real one is a secret of the environments.
      SLUICE_SALT: only-for-tests-and-packages
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: { persist-credentials: false }
      - uses: actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0
        with:
          node-version: 24
          cache: npm
      - run: npm ci
      - run: npm test
      - run: npm run package -- --stage dev
      - run: npm run package -- --stage prod

  package:
    if: github.event_name != 'pull_request'
    needs: test
    runs-on: ubuntu-latest
    timeout-minutes: 15
    environment: \${{ inputs.stage || 'dev' }}
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: { persist-credentials: false }
      - uses: actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0
        with:
          node-version: 24
      - run: npm ci
      - run: npm run package -- --stage "$STAGE"
        env:
          STAGE: \${{ inputs.stage || 'dev' }}
          SLUICE_SALT: \${{ secrets.SLUICE_SALT }}
      # The bundles hold the salt, and readers of the repository may download artifacts.
      - run: test -n "$SLUICE_PACKAGE_KEY" && tar -cz .serverless | openssl enc -aes-256-cbc -pbkdf2 -pass env:SLUICE_PACKAGE_KEY -out package.enc
        env:
          SLUICE_PACKAGE_KEY: \${{ secrets.SLUICE_PACKAGE_KEY }}
      - uses: actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0
        with: { name: package, path: package.enc, if-no-files-found: error, retention-days: 1 }

  deploy:
    needs: package
    runs-on: ubuntu-latest
    timeout-minutes: 30
    environment: \${{ inputs.stage || 'dev' }}
    concurrency: deploy-\${{ inputs.stage || 'dev' }}
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: { persist-credentials: false }
      - uses: actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0
        with:
          node-version: 24
      # No script of a package runs where a token of the deployment can be had.
      - run: npm ci --ignore-scripts
      - uses: actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1
        with: { name: package }
      - run: openssl enc -d -aes-256-cbc -pbkdf2 -pass env:SLUICE_PACKAGE_KEY -in package.enc | tar -xz
        env:
          SLUICE_PACKAGE_KEY: \${{ secrets.SLUICE_PACKAGE_KEY }}
      - uses: aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3
        with:
          role-to-assume: \${{ vars.AWS_ROLE_ARN }}
          aws-region: \${{ vars.AWS_REGION }}
      - run: npm run deploy -- --package .serverless --stage "$STAGE"
        env:
          STAGE: \${{ inputs.stage || 'dev' }}
          SLUICE_SALT: \${{ secrets.SLUICE_SALT }}
`;

const GITIGNORE = `node_modules/
.serverless/
.sluice/
build/
`;

function readme({ name }: ProjectSettings): string {
  return `# ${name}

The pipeline for raw exposures and events of Statsig SDKs, by [Sluice](node_modules/${PACKAGE_NAME}/README.md). \`sluice.config.ts\` says what is deployed.

\`\`\`sh
npm install
npm start                            # the whole pipeline on this machine, with a console
npm test                             # sends events through it and checks what arrives
npx serverless package --stage dev   # the template and the functions, without credentials
npm run deploy -- --stage dev
\`\`\`

The next steps, upgrades and the way back: \`node_modules/${PACKAGE_NAME}/docs/project.md\`.
`;
}
