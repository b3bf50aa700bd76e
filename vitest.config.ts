import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';
import { SummaryReporter } from './test/support/summary-reporter.ts';

/** Real parts, but nothing of it is a matter of milliseconds: two at a time. */
const patient = {
  acceptance: words(`
    acl-fix admin app-host audit backup basement box clients config control deletes-stick disks-not-there doctor drain forged-requests history
    hostile how-tos http2-hostile identity init inventory json-and-exits kill prometheus retire scan secrets signed-reads systemd tutorial
    verify whole-move write-faults wrong-configurations wrong-places wrong-states`),
  integration: words('demo gateway-store large-copies prometheus-rules schedules status-page'),
};
const patientFiles = Object.entries(patient).flatMap(([kind, names]) =>
  names.map((name) => `test/${kind}/${name}.test.ts`),
);

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', new SummaryReporter()],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'patient',
          testTimeout: 60_000,
          include: ['test/contracts/**/*.test.ts', ...patientFiles],
          globalSetup: ['test/support/global-setup.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Daemons, disks and clocks: one file at a time.
        extends: true,
        test: {
          name: 'real',
          testTimeout: 60_000,
          include: ['test/**/*.test.ts'],
          exclude: ['test/unit/**', 'test/long/**', 'test/contracts/**', ...patientFiles],
          globalSetup: ['test/support/global-setup.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
