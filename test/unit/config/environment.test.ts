import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkEnvironment } from '../../../src/config/environment.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { scratch } from '../../support/scratch.ts';
import { disk, loadValue, refusal, validConfig } from './valid-config.ts';

/** The findings for these roots, with state in a place of its own unless told. */
function check(roots: string[], stateDir = scratch('state')) {
  const sources = roots.map((root, i) => ({ type: 'disk', name: `disk-${i}`, root }));
  return checkEnvironment(configSchema.parse({ ...validConfig('/x', stateDir), sources }));
}

const at = (path: string, message: string) => [{ path, message: expect.stringContaining(message) }];

describe('the root of a disk', () => {
  it('may be any directory with something in it', () => {
    expect(check([disk(), disk()]).problems).toEqual([]);
  });

  it('must exist', () => {
    expect(check([disk(), '/nowhere']).problems).toEqual(at('sources.1.root', 'does not exist: is the disk mounted?'));
  });

  it('is not looked at when its source is retired: it may be gone, or overlap another', () => {
    const root = disk();
    const sources = [root, '/nowhere', root].map((at, i) => ({ type: 'disk', name: `disk-${i}`, root: at }));
    const config = configSchema.parse({ ...validConfig('/x', scratch('state')), sources });
    expect(checkEnvironment(config, new Set(['disk-1', 'disk-2'])).problems).toEqual([]);
    const { problems } = checkEnvironment(config, new Set(['disk-0']));
    expect(problems).toEqual(at('sources.1.root', 'does not exist: is the disk mounted?'));
  });

  it('must be a directory', () => {
    expect(check([join(disk(), 'file')]).problems).toEqual(at('sources.0.root', 'is not a directory'));
  });

  it('must not be empty, as a mount point without its disk is', () => {
    expect(check([scratch('mount')]).problems).toEqual(at('sources.0.root', 'is empty: is the disk mounted?'));
  });

  it.each([0o000, 0o666, 0o111])('must be readable (mode %o)', (mode) => {
    const root = disk();
    const stateDir = scratch('state');
    chmodSync(stateDir, 0o777);
    chmodSync(dirname(root), 0o711);
    chmodSync(root, mode);
    const findings = asNobody(() => check([root], stateDir));
    chmodSync(root, 0o755);
    expect(findings.problems).toEqual(at('sources.0.root', 'is not readable: give this user r-x'));
  });

  it('must not be the root of another, whatever way it is written', () => {
    const root = disk();
    const link = join(scratch('links'), 'link');
    symlinkSync(root, link);
    expect(check([root, link]).problems).toEqual(at('sources.1.root', 'is the same directory as sources.0.root'));
  });

  it('must not lie inside another', () => {
    const root = disk();
    mkdirSync(join(root, 'inner'));
    writeFileSync(join(root, 'inner', 'file'), '');
    expect(check([root, join(root, 'inner')]).problems).toEqual(at('sources.1.root', 'or one lies inside the other'));
    expect(check([join(root, 'inner'), root]).problems).toEqual(at('sources.1.root', 'or one lies inside the other'));
  });

  it('may begin with the name of another', () => {
    const root = disk();
    mkdirSync(`${root}2`);
    writeFileSync(join(`${root}2`, 'file'), '');
    expect(check([root, `${root}2`]).problems).toEqual([]);
  });

  it('must not lie in the spool, which is swept', () => {
    const stateDir = scratch('state');
    const root = join(stateDir, 'spool', 'media');
    mkdirSync(join(root, 'accounts'), { recursive: true });
    expect(check([root], stateDir).problems).toEqual(at('sources.0.root', 'must not lie inside spool/'));
  });
});

describe('state.dir', () => {
  it('need not exist where it can be created; checking does not create it', () => {
    const parent = scratch();
    expect(check([disk()], join(parent, 'deep', 'state')).problems).toEqual([]);
    expect(readdirSync(parent)).toEqual([]);
  });

  it('must not lie where this user cannot create it', () => {
    const parent = scratch();
    const root = disk();
    chmodSync(parent, 0o555);
    chmodSync(dirname(root), 0o711);
    chmodSync(root, 0o755);
    const findings = asNobody(() => check([root], join(parent, 'state')));
    expect(findings.problems).toEqual(at('state.dir', "can't be written (EACCES)"));
  });

  it('must be writable', () => {
    const stateDir = join(disk(), 'file', 'state');
    expect(check([disk()], stateDir).problems).toEqual(at('state.dir', "can't be written (ENOTDIR)"));
  });

  it('must not lie inside a disk, nor is anything created there', () => {
    const root = disk();
    const link = join(scratch('links'), 'link');
    symlinkSync(root, link);
    for (const stateDir of [root, join(root, 'a', 'state'), join(link, 'state')]) {
      expect(check([root], stateDir).problems).toEqual(at('state.dir', 'must not lie inside sources.0.root'));
    }
    expect(readdirSync(root)).toEqual(['file']);
  });

  it('on the device of a disk is only warned of', () => {
    const { warnings } = loadValue(validConfig());
    expect(warnings).toEqual([expect.stringContaining('state.dir is on the same device as sources.0.root')]);
  });
});

it('is part of loading', () => {
  expect(refusal(() => loadValue(validConfig(scratch('mount')))).message).toBe(
    'sources.0.root: is empty: is the disk mounted?',
  );
});

it('sections that are left out are not checked', () => {
  expect(checkEnvironment({})).toEqual({ problems: [], warnings: [] });
});

/** Root may read everything; nobody may not. */
function asNobody<T>(act: () => T): T {
  if (process.getuid?.() !== 0) return act();
  process.seteuid?.(65534);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}
