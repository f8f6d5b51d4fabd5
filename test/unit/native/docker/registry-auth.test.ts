/** Credentials in all forms docker keeps them, and what a refusal means with and without them. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { explainDenied } from '../../../../native/docker/launch-errors.ts';
import { findStoredAuth, readRegistryAuth } from '../../../../native/docker/registry-auth.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const auths = (name: string, entry: object): object => ({ auths: { [name]: entry } });

describe('stored credentials', () => {
  const lab = 'lab.example:5000';
  test.each([
    [lab, { auth: base64('me:a:b') }, { username: 'me', password: 'a:b' }],
    [lab, { auth: base64('me:pw\0\0') }, { username: 'me', password: 'pw' }],
    [`https://${lab}/v2/`, { auth: base64('me:pw') }, { username: 'me', password: 'pw' }],
    [`http://${lab}`, { username: 'me', password: 'pw' }, { username: 'me', password: 'pw' }],
    [lab, { auth: base64('me:pw'), identitytoken: 'it' }, { identitytoken: 'it' }],
    [lab, { registrytoken: 'rt' }, { registrytoken: 'rt' }],
    [lab, { auth: base64('<token>:it') }, { identitytoken: 'it' }],
  ])('%s %j', (name, entry, found) => {
    expect(findStoredAuth(auths(name, entry), lab)).toEqual({ ...found, serveraddress: lab });
  });
  test('Docker Hub under all its names, another host under none', () => {
    for (const name of ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io'])
      expect(findStoredAuth(auths(name, { auth: base64('me:pw') }), 'index.docker.io')).toMatchObject({
        username: 'me',
        serveraddress: 'https://index.docker.io/v1/',
      });
    expect(findStoredAuth(auths('lab.example', { auth: base64('me:pw') }), lab)).toBeNull();
    for (const config of [null, {}, { auths: null }, auths(lab, {}), auths(lab, { auth: 'x' })])
      expect(findStoredAuth(config, lab)).toBeNull();
  });

  test('a helper is asked first; one that is missing or knows nothing leaves what is written', async () => {
    const home = mkdtempSync(path.join(os.tmpdir(), 'switchyard-auth-'));
    onTestFinished(() => {
      rmSync(home, { recursive: true, force: true });
    });
    const place = { env: { PATH: `${home}:/usr/bin:/bin` }, home, platform: process.platform, dockerHost: null };
    mkdirSync(path.join(home, '.docker'));
    const config = (more: object): void => {
      writeFileSync(
        path.join(home, '.docker', 'config.json'),
        JSON.stringify({ ...auths(lab, { auth: base64('stored:pw') }), ...more }),
      );
    };
    const helper = path.join(home, 'docker-credential-lab');
    writeFileSync(
      helper,
      '#!/bin/sh\nread server; echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"of $server\\"}"\n',
    );
    chmodSync(helper, 0o755);
    config({ credsStore: 'missing' });
    expect(await readRegistryAuth(lab, place)).toMatchObject({ username: 'stored' });
    config({ credHelpers: { [lab]: 'lab' } });
    expect(await readRegistryAuth(lab, place)).toEqual({ identitytoken: `of ${lab}`, serveraddress: lab });
    const env = { ...place.env, DOCKER_AUTH_CONFIG: JSON.stringify(auths(lab, { auth: base64('env:pw') })) };
    expect(await readRegistryAuth(lab, { ...place, env })).toMatchObject({ username: 'env' });
  });
});

describe('a registry that refuses', () => {
  const refused = (message: string): Error => Object.assign(new Error(message), { statusCode: 500, json: { message } });
  const denied = refused('Error response: Get "https://lab:5000/v2/": unauthorized: authentication required');
  test('without a login: the name or a login, with the registry in the remedy', () => {
    const told = explainDenied(denied, 'lab:5000/a', 'lab:5000', null);
    expect(told?.message).toContain('needs a login');
    expect(told?.remedy).toContain('docker login lab:5000');
    expect(explainDenied(denied, 'a', 'index.docker.io', null)?.remedy).toMatch(/docker login —/);
  });
  test('with one: it is wrong, or may not read it', () => {
    expect(explainDenied(denied, 'lab:5000/a', 'lab:5000', { username: 'me' })?.message).toContain('refuses');
    const other = refused('pull access denied for a, repository does not exist or may require authorization');
    expect(explainDenied(other, 'a', 'lab:5000', { username: 'me' })?.message).toContain('of me may not read it');
    expect(explainDenied(refused('manifest unknown'), 'a', 'lab', null)).toBeNull();
  });
});
