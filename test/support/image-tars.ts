/**
 * Root file systems for test images, made from programs of this machine: busybox, and Python with its standard library.
 * Cached as tar files in the temporary directory; the name carries what they were made from.
 */
import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, readdir, realpath, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';

const RECIPE = 1;

/** @returns path of a tar with /bin/<every busybox applet>, /etc/passwd, /tmp */
export async function busyboxTar(): Promise<string> {
  const busybox = await findBusybox();
  return cached(['busybox', await fingerprint(busybox)], (root) => addBusybox(root, busybox));
}

/** @returns path of a tar with the above and /usr/bin/python3, python, and the standard library where this machine has it */
export async function pythonTar(): Promise<string> {
  const busybox = await findBusybox();
  const python = await askPython();
  return cached(['python', await fingerprint(busybox), await fingerprint(python.executable)], async (root) => {
    await addBusybox(root, busybox);
    const dropped = new Set([
      'site-packages',
      'dist-packages',
      'test',
      'tests',
      '__pycache__',
      'idlelib',
      'tkinter',
      'turtledemo',
      'ensurepip',
      'lib2to3',
    ]);
    for (const library of new Set([python.stdlib, python.platstdlib])) {
      await cp(library, path.join(root, library), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (source) =>
          source === library || (!dropped.has(path.basename(source)) && !path.basename(source).startsWith('config-')),
      });
    }
    await copyFile(root, python.executable);
    const dynamic = path.join(python.platstdlib, 'lib-dynload');
    const modules = (await readdir(dynamic).catch(() => []))
      .map((name) => path.join(dynamic, name))
      .filter((file) => file.endsWith('.so'));
    for (const library of await librariesOf([python.executable, ...modules])) await copyFile(root, library);
    await mkdir(path.join(root, 'usr', 'bin'), { recursive: true });
    for (const name of ['python3', 'python']) {
      const link = path.join(root, 'usr', 'bin', name);
      if (link !== path.join(root, python.executable)) await symlink(python.executable, link).catch(() => undefined);
    }
  });
}

async function cached(key: readonly string[], fill: (root: string) => Promise<void>): Promise<string> {
  const digest = createHash('sha256')
    .update(JSON.stringify([RECIPE, ...key]))
    .digest('hex')
    .slice(0, 16);
  const tar = path.join(os.tmpdir(), `switchyard-test-image-${key[0] ?? ''}-${digest}.tar`);
  if (
    await stat(tar).then(
      () => true,
      () => false,
    )
  )
    return tar;
  const work = await mkdtemp(path.join(os.tmpdir(), 'sy-image-'));
  try {
    const root = path.join(work, 'root');
    for (const dir of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp', 'root', 'usr'])
      await mkdir(path.join(root, dir), { recursive: true });
    await chmod(path.join(root, 'tmp'), 0o1777);
    await writeFile(path.join(root, 'etc', 'passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
    await writeFile(path.join(root, 'etc', 'group'), 'root:x:0:\n');
    await fill(root);
    await execa('tar', [
      '-C',
      root,
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '-cf',
      path.join(work, 'image.tar'),
      '.',
    ]);
    // Another worker may have made it meanwhile: the last one wins, both are the same.
    await rename(path.join(work, 'image.tar'), tar);
    return tar;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function addBusybox(root: string, busybox: string): Promise<void> {
  const target = path.join(root, 'bin', 'busybox');
  await cp(busybox, target);
  await chmod(target, 0o755);
  for (const library of await librariesOf([busybox])) await copyFile(root, library);
  const { stdout } = await execa(busybox, ['--list']);
  for (const applet of stdout.split('\n')) {
    if (/^[a-z0-9[\]_.-]+$/i.test(applet) && applet !== 'busybox')
      await symlink('busybox', path.join(root, 'bin', applet));
  }
}

async function findBusybox(): Promise<string> {
  for (const candidate of ['/usr/bin/busybox', '/bin/busybox']) {
    if (
      await stat(candidate).then(
        () => true,
        () => false,
      )
    )
      return candidate;
  }
  throw new Error('busybox is not installed (Debian package busybox-static)');
}

interface PythonPlace {
  readonly executable: string;
  readonly stdlib: string;
  readonly platstdlib: string;
}

async function askPython(): Promise<PythonPlace> {
  const script =
    'import json, os, sys, sysconfig; print(json.dumps({"executable": os.path.realpath(sys.executable), ' +
    '"stdlib": sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}), ' +
    '"platstdlib": sysconfig.get_path("platstdlib", vars={"platbase": sys.base_exec_prefix, "installed_platbase": sys.base_exec_prefix})}))';
  const { stdout } = await execa('python3', ['-I', '-c', script]);
  return JSON.parse(stdout) as PythonPlace;
}

/** The shared libraries ldd(1) names, the dynamic loader among them. None for a static program. */
async function librariesOf(files: readonly string[]): Promise<ReadonlySet<string>> {
  const { stdout } = await execa('ldd', [...files], { reject: false });
  const found = new Set<string>();
  for (const line of stdout.split('\n')) {
    const library = /(?:=>\s+|^\s+)(\/\S+)\s+\(0x/.exec(line)?.[1];
    if (library !== undefined) found.add(library);
  }
  return found;
}

/** Copies a file to the same place below `root`, its contents under every name a symbolic link gives it. */
async function copyFile(root: string, file: string): Promise<void> {
  const target = path.join(root, file);
  await mkdir(path.dirname(target), { recursive: true });
  await cp(await realpath(file), target);
}

async function fingerprint(file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file);
  return `${file}:${size}:${mtimeMs}`;
}
