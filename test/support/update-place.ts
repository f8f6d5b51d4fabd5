/** A place with new versions: what lies in it, and a server for it on the loopback address. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

export interface Release {
  readonly version: string;
  /** Name -> contents. */
  readonly files: Readonly<Record<string, string>>;
  /** What is promised of them, where it is not the truth. */
  readonly sha512?: string;
}

/** As the packager writes it beside the packages. */
export function latestLinux({ version, files, sha512 }: Release): string {
  const lines = Object.entries(files).flatMap(([name, contents]) => [
    `  - url: ${name}`,
    `    sha512: ${sha512 ?? createHash('sha512').update(contents).digest('base64')}`,
    `    size: ${Buffer.byteLength(contents)}`,
  ]);
  return [`version: ${version}`, 'files:', ...lines, "releaseDate: '2026-01-01T00:00:00.000Z'", ''].join('\n');
}

export function fillPlace(folder: string, release: Release): void {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'latest-linux.yml'), latestLinux(release));
  for (const [name, contents] of Object.entries(release.files)) fs.writeFileSync(path.join(folder, name), contents);
}

export interface PlaceServer {
  readonly url: string;
  /** Names that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** @param answer is asked first, and says whether it has answered */
export async function servePlace(
  folder: string,
  answer: (name: string, response: http.ServerResponse) => boolean = () => false,
): Promise<PlaceServer> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    const name = path.basename(new URL(request.url ?? '/', 'http://localhost').pathname);
    asked.push(name);
    if (answer(name, response)) return;
    const file = path.join(folder, name);
    if (fs.existsSync(file)) response.end(fs.readFileSync(file));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/switchyard`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
