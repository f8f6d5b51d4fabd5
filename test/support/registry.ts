/** A container registry on 127.0.0.1 with one image, that can be made to fail: what docker pull needs, and no more. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestRegistry {
  /** "127.0.0.1:PORT/lab/busybox:1" */
  readonly image: string;
  readonly port: number;
  /** "METHOD /path" of each request. */
  readonly requests: readonly string[];
  /** Answers this many further requests for the layer with half of it and a broken connection. */
  breakLayers(count: number): void;
  /** From now on manifests are answered only after the returned function is called. */
  hold(): () => void;
  close(): Promise<void>;
}

const sha256 = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;

export interface RegistryOptions {
  /** 0 = any. */
  readonly port?: number;
  /** Asks for this user and password. */
  readonly login?: { readonly username: string; readonly password: string };
}

/** @param tarPath the image's only layer */
export async function openRegistry(tarPath: string, { port = 0, login }: RegistryOptions = {}): Promise<TestRegistry> {
  const layer = readFileSync(tarPath);
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
    }),
  );
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: type,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', size: config.length, digest: sha256(config) },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', size: layer.length, digest: sha256(layer) }],
    }),
  );
  const requests: string[] = [];
  let toBreak = 0;
  let held: PromiseWithResolvers<void> | null = null;
  const wanted =
    login === undefined ? null : `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  const server = http.createServer((request, response) => {
    const url = request.url ?? '';
    requests.push(`${request.method ?? ''} ${url}`);
    if (wanted !== null && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="lab"', 'content-type': 'application/json' });
      response.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }));
      return;
    }
    const send = (body: Buffer, contentType: string): void => {
      response.writeHead(200, {
        'content-type': contentType,
        'content-length': body.length,
        'docker-content-digest': sha256(body),
      });
      if (request.method === 'HEAD') response.end();
      else if (body === layer && toBreak > 0) {
        toBreak--;
        response.write(body.subarray(0, body.length / 2), () => response.destroy());
      } else response.end(body);
    };
    if (url === '/v2/') send(Buffer.from('{}'), 'application/json');
    else if (url.includes('/manifests/')) {
      void (held?.promise ?? Promise.resolve()).then(() => {
        send(manifest, type);
      });
    } else if (url.endsWith(sha256(config))) send(config, 'application/octet-stream');
    else if (url.endsWith(sha256(layer))) send(layer, 'application/octet-stream');
    else response.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN","message":"name unknown"}]}');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const at = (server.address() as AddressInfo).port;
  return {
    image: `127.0.0.1:${at}/lab/busybox:1`,
    port: at,
    requests,
    breakLayers: (count) => {
      toBreak = count;
    },
    hold: () => {
      const hold = (held = Promise.withResolvers<void>());
      return () => {
        held = null;
        hold.resolve();
      };
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
