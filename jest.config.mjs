/**
 * Three projects, one summary: `npm test` runs all, `npm run test:unit` and its siblings one of them.
 *
 * Only the projects that talk to PostgreSQL start one: both name the same global set-up, which jest then runs once.
 */
const common = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/jest.setup.mjs'],
  extensionsToTreatAsEsm: ['.ts'],
  // Sources import "./x.js", as Node will see it after the build; here the file is still "./x.ts".
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  transform: { '^.+\\.ts$': ['@swc/jest'] },
};

const withPostgres = {
  ...common,
  roots: ['<rootDir>/test'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
};

export default {
  // The scripts say it again: a path given right after `--selectProjects unit` would be taken for a project.
  maxWorkers: 2,
  // Long enough for a killed server to recover, for commands that start on a busy machine, and short enough that a hang is found. Jest takes the limit from
  // here only: said of one project it is accepted and ignored.
  testTimeout: 90_000,
  // Each suite leaves about 15 MB behind in its worker, because ESM registries are never freed.
  workerIdleMemoryLimit: '512MB',
  // Istanbul counts the helpers that swc writes for decorators as branches.
  coverageProvider: 'v8',
  reporters: ['default', '<rootDir>/test/support/count-reporter.mjs'],
  projects: [
    {
      ...common,
      displayName: 'unit',
      roots: ['<rootDir>/src', '<rootDir>/test/architecture'],
      testRegex: '\\.spec\\.ts$',
    },
    {
      ...withPostgres,
      displayName: 'integration',
      testRegex: '/test/(integration|faults|migrations)/.*\\.int-spec\\.ts$',
    },
    { ...withPostgres, displayName: 'e2e', testRegex: '/test/e2e/.*\\.e2e-spec\\.ts$' },
  ],
};
